import { countText } from '@huiyuan/shared/money'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Bar, Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Empty, States } from '../../ui/states'
import { barParts, type LotDay, lotsByDay } from './lots-by-day'

const SOON_DAYS = 30

/** What is left, by the day on which it ends or begins. */
export function Lots() {
  const read = useRead(['lots'], () => api.ledger.lots.query(), { keepAs: 'lots' })
  return (
    <States read={read}>
      {({ lots }) => {
        const ending = lotsByDay(
          lots.filter(({ state }) => state === 'active'),
          'expiresAt',
        )
        const coming = lotsByDay(
          lots.filter(({ state }) => state === 'pending'),
          'activeAt',
        )
        if (lots.length === 0) return <Empty title="还没有积分" sub="得到的积分会按到期日排在这里，先到期的先用" />
        return (
          <View id="lots">
            {ending.length > 0 && <FirstToEnd days={ending} />}
            {coming.length > 0 && <Section title="待生效" />}
            {coming.length > 0 && <Days days={coming} verb="生效" />}
            {ending.length > 0 && <Section title="可以用" />}
            {ending.length > 0 && <Days days={ending} verb="到期" />}
          </View>
        )
      }}
    </States>
  )
}

function FirstToEnd({ days }: { days: LotDay[] }) {
  const now = new Date()
  const whole = days.reduce((sum, { points }) => sum + points, 0)
  const parts = barParts(days)
  return (
    <View className="lg-first">
      <Panel pad>
        <View className="hy-row hy-between">
          <Text className="hy-bold">哪一批先到期</Text>
          <Text className="hy-caption hy-3">先到期的先用</Text>
        </View>
        <View className="lg-bar">
          <Bar parts={parts.map(({ points }) => points / whole)} />
        </View>
        <View className="hy-row hy-between">
          {parts.map(({ day, at, points, later }, index) => (
            <View key={day}>
              <View className="hy-row">
                <View className={`lg-dot lg-dot--${index + 1}`} />
                <Text className="hy-bold hy-num">{countText(points)}</Text>
              </View>
              <View className="hy-caption hy-3">{`${dayWords(at, now)}${later ? '起' : ''}`}</View>
            </View>
          ))}
        </View>
      </Panel>
    </View>
  )
}

function Days({ days, verb }: { days: LotDay[]; verb: '生效' | '到期' }) {
  const now = new Date()
  return (
    <Panel>
      {days.map(({ day, at, points, count }) => (
        <Cell
          key={day}
          title={`${countText(points)} 积分`}
          sub={`${dayWords(at, now)}${verb}${count > 1 ? ` · ${count} 批` : ''}`}
          end={<Left days={daysUntil(at, now)} soon={verb === '到期'} />}
        />
      ))}
    </Panel>
  )
}

function Left({ days, soon }: { days: number; soon: boolean }) {
  if (days > SOON_DAYS) return null
  const words = days <= 0 ? '今天' : `还有 ${days} 天`
  return soon ? <Tag kind="accent">{words}</Tag> : <Tag>{words}</Tag>
}
