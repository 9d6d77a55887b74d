import { countText } from '@huiyuan/shared/money'
import { dayText } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import './statement.css'
import type { Line } from './use-pages'

interface LinesWish {
  lines: Line[]
  ended: boolean
  busy: boolean
  fault: Trouble | null
  onMore: () => void
}

/** Lines by day; the day stands above, so the sentence need not say it again. */
export function Lines({ lines, ended, busy, fault, onMore }: LinesWish) {
  const days: { day: string; lines: Line[] }[] = []
  for (const line of lines) {
    const day = dayText(new Date(line.at))
    const last = days[days.length - 1]
    if (last?.day === day) last.lines.push(line)
    else days.push({ day, lines: [line] })
  }
  return (
    <View>
      {/* alone in their View: what comes is added, and the phone is not handed the whole list again */}
      <View>
        {days.map(({ day, lines: own }) => (
          <View key={day}>
            <View className="lg-day">{day}</View>
            <Panel>
              {own.map((line) => (
                <Movement key={line.transferId} line={line} />
              ))}
            </Panel>
          </View>
        ))}
      </View>
      {fault && (
        <View className="hy-mt4">
          <FaultNote fault={fault} onRetry={onMore} />
        </View>
      )}
      {ended ? (
        <View className="hy-slow">到底了</View>
      ) : (
        <View className="hy-dock">
          <Button kind="ghost" block small busy={busy} onTap={onMore}>
            更早的
          </Button>
        </View>
      )}
    </View>
  )
}

const SIGN = { in: '+', out: '−', move: '' }

const Movement = ({ line }: { line: Line }) => (
  <View className="hy-cell">
    <View className="hy-cell__main">{line.words.replace(/^\d{4}-\d\d-\d\d /, '')}</View>
    <Text
      className={`lg-amount lg-amount--${line.direction}`}
    >{`${SIGN[line.direction]}${countText(line.amount)}`}</Text>
  </View>
)
