import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { Panel, Section } from '../../ui/blocks'
import { TierMark } from '../../ui/tier-mark'
import type { Explained } from './explained'

/** How the tier came to be, the latest first. */
export function Footsteps({ explained: { history } }: { explained: Explained }) {
  if (history.length === 0) return null
  const now = new Date()
  return (
    <View id="tier-history">
      <Section title="走过的每一步" />
      <Panel>
        {history.map(({ at, after, reason, words }) => (
          <View key={`${at}${reason}`} className={`hy-cell hy-tier-${after}`}>
            <View className="tr-glaze">
              <TierMark tier={after} size="m" />
            </View>
            <Text className="hy-cell__main">{words}</Text>
            <Text className="tr-at hy-caption">{dayWords(new Date(at), now)}</Text>
          </View>
        ))}
      </Panel>
    </View>
  )
}
