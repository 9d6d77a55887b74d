import { normalCardNo } from '@huiyuan/shared/member'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../../lib/api'
import { toTab } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'

const CARD_LENGTH = 40

/** A plastic card by its number: noted here, bound at the counter by somebody who sees card and person. */
export function CardSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [cardNo, setCardNo] = useState('')
  const [state, setState] = useState<'own' | 'counter' | null>(null)
  const claim = useCommand((number: string, requestId) => api.member.claimByCard.mutate({ cardNo: number, requestId }))
  const submit = async () => {
    const answer = await claim.run(cardNo)
    if (!answer) return
    setState(answer.state)
    await refresh('identities')
  }
  const close = () => {
    setCardNo('')
    setState(null)
    claim.clear()
    onClose()
  }
  if (state)
    return (
      <Sheet open={open} title={state === 'own' ? '这张卡早就是你的' : '记下了，到店就能绑'} onClose={close}>
        <View id="card-noted" className="hy-2">
          {state === 'own'
            ? '它已经绑在你的会员上，报卡号也能积分。'
            : '下次到店，出示会员码，再把实体卡给店员看一眼。卡里有积分的话，会一起并进来。'}
        </View>
        <View className="hy-dock">
          {state === 'counter' && (
            <Button id="card-code" block onTap={() => toTab('code')}>
              看我的会员码
            </Button>
          )}
          <Button id="card-done" block kind={state === 'own' ? 'primary' : 'ghost'} onTap={close}>
            好的
          </Button>
        </View>
      </Sheet>
    )
  return (
    <Sheet open={open} title="绑定实体会员卡" onClose={close}>
      <View className="hy-2">卡面上的号码。为了不让别人拿走你的积分，要到店给店员看过卡才会绑上。</View>
      <Field id="card-no" label="实体卡号" value={cardNo} maxLength={CARD_LENGTH} onInput={setCardNo} />
      <View className="hy-dock">
        {claim.fault && <FaultNote fault={claim.fault} onRetry={() => void submit()} />}
        <Button
          id="card-submit"
          block
          busy={claim.busy}
          disabled={normalCardNo(cardNo) === null}
          onTap={() => void submit()}
        >
          记下这张卡
        </Button>
      </View>
    </Sheet>
  )
}
