import { countText } from '@huiyuan/shared/money'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Later } from '../../ui/later'
import { Empty, States } from '../../ui/states'
import { ForecastPanel } from './forecast'
import { type LotDay, lotsByDay } from './lots-by-day'

const SOON_DAYS = 30

/** What ends when, and what is left by the day on which it ends or begins. */
export function Lots() {
  const read = useRead(['lots'], () => api.ledger.lots.query(), { keepAs: 'lots' })
  const forecast = useRead(['lots', 'forecast'], () => api.ledger.forecast.query(), { keepAs: 'forecast' }).data
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
            {/* in a View of its own: whichever answer comes first, the other is not handed over again */}
            <View>{forecast && <ForecastPanel forecast={forecast} />}</View>
            <Later>
              {coming.length > 0 && <Section title="待生效" />}
              {coming.length > 0 && <Days days={coming} verb="生效" />}
              {ending.length > 0 && <Section title="可以用" />}
              {ending.length > 0 && <Days days={ending} verb="到期" />}
            </Later>
          </View>
        )
      }}
    </States>
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
