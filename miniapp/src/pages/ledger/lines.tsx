import { countText } from '@huiyuan/shared/money'
import { daysUntil, dayText, dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { Trouble } from '../../lib/api'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import type { Line } from './use-lines'

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
            <View className="lg-day">{dayName(own[0])}</View>
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

/** `今天`, `昨天`, else the date. */
function dayName(line: Line | undefined): string {
  const at = new Date(line?.at ?? 0)
  const now = new Date()
  const ago = -daysUntil(at, now)
  return ago === 0 ? '今天' : ago === 1 ? '昨天' : dayWords(at, now)
}

/** The sentence without its day, which stands above; no number is torn from its word at the end of a line. */
const wordsOf = ({ words }: Line) =>
  words
    .replace(/^\d{4}-\d\d-\d\d /, '')
    .replace(/(\d) (?=[年月日积成])/g, '$1\u00a0')
    .replace(/([年月]) (?=\d)/g, '$1\u00a0')

const Movement = ({ line }: { line: Line }) => (
  <View className="hy-cell">
    <View className="hy-cell__main">{wordsOf(line)}</View>
    <Text
      className={`lg-amount lg-amount--${line.unit === 'growth' ? 'growth' : line.direction}`}
    >{`${SIGN[line.direction]}${countText(line.amount)}`}</Text>
  </View>
)
