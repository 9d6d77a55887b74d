import { type Birthday, daysOfMonth } from '@huiyuan/shared/birthday'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api } from '../lib/api'
import { refresh, useCommand } from '../lib/query'
import { Button } from './button'
import { Sheet } from './sheet'
import { FaultNote } from './states'
import { tapProps } from './tap'

const { lockDays } = DEMO_POLICY.birthday

/** Asks for month and day, and for nothing else; `birthday` is what stands there already. */
export function BirthdaySheet({
  open,
  birthday,
  onClose,
}: {
  open: boolean
  birthday: Birthday | null
  onClose: () => void
}) {
  const [month, setMonth] = useState(birthday?.month ?? null)
  const [day, setDay] = useState(birthday?.day ?? null)
  const save = useCommand((wish: Birthday, requestId) => api.member.setBirthday.mutate({ ...wish, requestId }))
  const pickMonth = (next: number) => {
    setMonth(next)
    if (day !== null && day > daysOfMonth(next)) setDay(null)
  }
  const submit = async () => {
    if (month === null || day === null || !(await save.run({ month, day }))) return
    await refresh('me', 'gift', 'home')
    onClose()
  }
  const whole = month !== null && day !== null
  return (
    <Sheet open={open} onClose={onClose} title="你的生日">
      <View className="hy-caption hy-2">{`只记月和日。一年可以改一次，生日前 ${lockDays} 天内不能改。`}</View>
      <Figures name="月" count={12} on={month} onPick={pickMonth} />
      {/* one after the other: both at once are much for a phone to draw */}
      <View>{month !== null && <Figures name="日" count={daysOfMonth(month)} on={day} onPick={setDay} />}</View>
      <View className="hy-dock">
        {save.fault && <FaultNote fault={save.fault} />}
        <Button id="birthday-submit" block busy={save.busy} disabled={!whole} onTap={() => void submit()}>
          {whole ? `就是 ${month} 月 ${day} 日` : '选好月和日'}
        </Button>
      </View>
    </Sheet>
  )
}

function Figures({
  name,
  count,
  on,
  onPick,
}: {
  name: '月' | '日'
  count: number
  on: number | null
  onPick: (n: number) => void
}) {
  const kind = name === '月' ? 'month' : 'day'
  return (
    <View className="hy-figures">
      {Array.from({ length: count }, (_, index) => index + 1).map((n) => (
        <View
          key={n}
          id={`${kind}-${n}`}
          className={`hy-figure${n === on ? ' hy-figure--on' : ''}`}
          {...tapProps(() => onPick(n), `${n} ${name}${n === on ? '，已选' : ''}`)}
        >
          {`${n} ${name}`}
        </View>
      ))}
    </View>
  )
}
