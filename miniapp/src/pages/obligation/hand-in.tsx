import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { api } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { StarPicker } from '../../ui/stars'
import { FaultNote } from '../../ui/states'
import { WritingField } from '../../ui/writing-field'
import { type HandIn, missingOf, sentForm, startOf } from './hand-in-form'
import type { Whole } from './obligation'
import type { Obligation } from './obligations'
import { PhotoWall } from './photo-wall'
import { PurchaseChoice } from './purchase-choice'
import { usePhotos } from './use-photos'

const STAR_WORDS = ['点一颗，说说喜不喜欢', '不喜欢', '不太喜欢', '还行', '喜欢', '很喜欢']
const LONGEST_LINK = 500
/** What is asked for because it may be bad. */
const HONEST: readonly Obligation['kind'][] = ['review', 'product_test']

interface FormWish {
  obligation: Obligation
  purchases: Whole['purchases']
}

/** What this obligation asks for, to fill in and hand in. */
export function HandInForm({ obligation, purchases }: FormWish) {
  const { obligationId, kind, wants: asked, submission } = obligation
  const wants = asked ?? {}
  const [form, setForm] = useState(() => startOf(submission, purchases))
  const all = usePhotos()
  const whole: HandIn = { ...form, photos: all.photos }
  const put = (change: Partial<HandIn>) => setForm((known) => ({ ...known, ...change }))
  const missing = missingOf(whole, wants)
  const submit = useCommand(async (sent: ReturnType<typeof sentForm>, requestId) => {
    await api.obligation.submit.mutate({ requestId, obligationId, ...sent })
    void Taro.showToast({ title: '交上来了，看过告诉你', icon: 'none', duration: 2_000 })
    await refresh('obligation', 'obligations', 'home')
  })
  const send = () => void submit.run(sentForm(whole, wants))
  return (
    <View>
      <View id="hand-in" className="hy-panel hy-panel--pad hy-mt3 ob-form">
        {wants.order && (
          <PurchaseChoice purchases={purchases} chosen={form.order} onChoose={(order) => put({ order })} />
        )}
        {wants.rating && (
          <View className="hy-field">
            <View className="hy-field__label">几颗星，说好说坏都一样谢谢你</View>
            <View className="ob-stars">
              <StarPicker id="rating" n={form.rating} onPick={(rating) => put({ rating })} />
              <View className="hy-caption hy-2">{STAR_WORDS[form.rating]}</View>
            </View>
          </View>
        )}
        {wants.text && (
          <WritingField
            id="hand-in-text"
            label={HONEST.includes(kind) ? '写几句真心话' : '写几句'}
            value={form.text}
            onInput={(text) => put({ text })}
            least={wants.text.min}
            most={wants.text.max}
            placeholder="喝到的、看到的、想说的，照实写就好"
          />
        )}
        {wants.photos && <PhotoWall least={wants.photos.min} most={wants.photos.max} all={all} />}
        {wants.link && (
          <Field
            id="hand-in-link"
            label="公开的网页链接"
            value={form.link}
            onInput={(link) => put({ link })}
            maxLength={LONGEST_LINK}
            placeholder="https://"
          />
        )}
      </View>
      <View className="hy-reach">
        <View className="hy-reach__in">
          {submit.fault && <FaultNote fault={submit.fault} onRetry={send} />}
          <View id="hand-in-missing" className="hy-caption hy-2 ob-missing">
            {missing.length > 0 ? `还差：${missing.join('、')}` : '都齐了'}
          </View>
          <Button id="hand-in-send" block busy={submit.busy} disabled={missing.length > 0} onTap={send}>
            交上来
          </Button>
        </View>
      </View>
    </View>
  )
}
