import { Text, View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Bar } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { dutiesCount, dutyWords } from './honour-words'
import type { Honour } from './honours'

type Way = NonNullable<Honour['duties']>['ways'][number]

const DONE = ['approved', 'rewarded']
const STATE_WORDS: Record<string, string> = {
  approved: '做完了',
  rewarded: '做完了',
  submitted: '正在看',
  rejected: '要改一改',
  in_progress: '做了一半',
}

/** What keeps a title this month, and the way to each. */
export function Duties({ honour, now }: { honour: Honour; now: Date }) {
  const words = dutyWords(honour, now)
  const { duties } = honour
  if (!words || !duties) return null
  const counted = dutiesCount(honour, now)
  return (
    <View className="ho-duties">
      <View className="hy-caption hy-bold hy-num">{words}</View>
      {counted && (
        <>
          <View className="hy-mt2">
            <Bar parts={[duties.done / duties.need]} />
          </View>
          {duties.ways.map((way) => (
            <WayRow key={way.obligationId} way={way} />
          ))}
        </>
      )}
    </View>
  )
}

function WayRow({ way: { obligationId, title, state } }: { way: Way }) {
  const done = DONE.includes(state)
  const words = STATE_WORDS[state] ?? '去做'
  const tap = tapProps(
    () => go(`/pages/obligation/obligation?id=${obligationId}`),
    process.env.TARO_ENV === 'weapp' ? `${title}，${words}` : undefined,
  )
  return (
    <View id={`duty-${obligationId}`} className="ho-way" {...tap}>
      <View className={`ho-way__dot${done ? ' ho-way__dot--done' : ''}`}>{done && <Icon name="check" size="s" />}</View>
      <Text className="hy-grow">{title}</Text>
      <Text className={`hy-caption ${done ? 'hy-3' : 'hy-brandly'}`}>{words}</Text>
      <Icon name="go" size="s" className="hy-cell__go" />
    </View>
  )
}
