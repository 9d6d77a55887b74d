import { View } from '@tarojs/components'
import { useState } from 'react'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import type { Counter } from './use-counter'

const LONGEST = 32
/** Beginnings of phones, whole or not; anything else that is long enough is on a card. */
const LIKE_PHONE = /^(\+|0|1\d{0,10}$)/
const SHORTEST_CARD = 6

/** Finds a member by what is said at the counter; such a visit earns and never spends. */
export function FindSheet({ open, onClose, counter }: { open: boolean; onClose: () => void; counter: Counter }) {
  const { finding, find } = counter
  const [said, setSaid] = useState('')
  const digits = said.replace(/[\s-]+/g, '')
  const close = () => {
    setSaid('')
    finding.clear()
    onClose()
  }
  const send = async () => {
    if (digits === '') return
    const isCard = digits.length >= SHORTEST_CARD && !LIKE_PHONE.test(digits)
    if (await find(isCard ? { memberNo: digits } : { phone: digits })) close()
  }
  return (
    <Sheet open={open} onClose={close} title="报号查找">
      <View className="hy-2">没有会员码，可以积分，不能用积分。</View>
      <Field
        id="find-input"
        label="手机号、会员号或实体卡号"
        type="number"
        value={said}
        maxLength={LONGEST}
        focus={open}
        onInput={setSaid}
        onConfirm={() => void send()}
      />
      <View className="hy-dock">
        {finding.fault && <FaultNote fault={finding.fault} onRetry={() => void send()} />}
        <Button
          id="find-submit"
          block
          busy={finding.busy}
          disabled={digits === '' && !finding.busy}
          onTap={() => void send()}
        >
          查找
        </Button>
      </View>
    </Sheet>
  )
}
