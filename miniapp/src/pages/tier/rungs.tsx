import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Panel, Section } from '../../ui/blocks'
import { TierMark } from '../../ui/tier-mark'
import type { Explained } from './explained'

/** Each step with its glaze and what it takes. Few nodes: the whole page reaches WeChat's screen in one piece. */
export const Rungs = ({ explained: { ladder, tier } }: { explained: Explained }) => (
  <View>
    <Section title="六道釉，六个等级" />
    <Panel>
      {ladder.map((rung) => (
        <View key={rung.tier} className={`hy-cell hy-tier-${rung.tier}${rung.tier === tier ? ' tr-here' : ''}`}>
          <View className="tr-glaze">
            <TierMark tier={rung.tier} size="m" />
          </View>
          <Text className="hy-cell__main">{`${rung.name} · ${rung.glaze}`}</Text>
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
