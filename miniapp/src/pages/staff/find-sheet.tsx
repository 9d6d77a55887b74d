import { View } from '@tarojs/components'
import { useState } from 'react'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import type { Counter } from './use-counter'

const MEMBER_NO_DIGITS = 16

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
    // a card number has 16 digits and starts with 8; everything else is judged as a phone
    const isCard = digits.length === MEMBER_NO_DIGITS && digits.startsWith('8')
    if (await find(isCard ? { memberNo: digits } : { phone: digits })) close()
  }
  return (
    <Sheet open={open} onClose={close} title="报号查找">
      <View className="hy-2">没有会员码，可以积分，不能用积分。</View>
      <Field
        id="find-input"
        label="手机号或 16 位会员号"
        type="number"
        value={said}
        maxLength={MEMBER_NO_DIGITS}
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
