import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Panel, Section } from '../../ui/blocks'
import { TierMark } from '../../ui/tier-mark'
import type { Brought } from './brought'
import type { Explained } from './explained'

/** Each step with its glaze, what it takes and what it brings. Few nodes: the page reaches WeChat's screen in one piece. */
export const Rungs = ({ explained: { ladder, tier }, brought }: { explained: Explained; brought: Brought }) => (
  <View>
    <Section title="六道釉，六个等级" />
    <Panel>
      {ladder.map((rung) => (
        <View key={rung.tier} className={`hy-cell hy-tier-${rung.tier}${rung.tier === tier ? ' tr-here' : ''}`}>
          <View className="tr-glaze">
            <TierMark tier={rung.tier} size="m" />
          </View>
          <View className="hy-cell__main">
            <View>{`${rung.name} · ${rung.glaze}`}</View>
            {brought.has(rung.tier) && (
              <View className="hy-cell__sub">{`${rung.tier === 1 ? '' : '加上'}${brought.get(rung.tier)}`}</View>
            )}
          </View>
          <Text className="tr-at">{needs(rung.atGrowth, rung.tier === tier)}</Text>
        </View>
      ))}
    </Panel>
  </View>
)

function needs(atGrowth: number, here: boolean): string {
  const at = atGrowth === 0 ? '入会就有' : countText(atGrowth)
  return here ? `${at} · 现在` : atGrowth === 0 ? at : `${at} 成长值`
}
