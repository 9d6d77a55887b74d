import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { TierMark } from '../../ui/tier-mark'
import type { Explained } from './explained'

/** Each step with its glaze and what it takes. */
export const Rungs = ({ explained: { ladder, tier, growth } }: { explained: Explained }) => (
  <View id="rungs">
    <Section title="六道釉，六个等级" />
    <Panel>
      {ladder.map((rung) => (
        <Cell
          key={rung.tier}
          lead={
            <View className={`tr-glaze hy-tier-${rung.tier}`}>
              <TierMark tier={rung.tier} size="m" />
            </View>
          }
          title={`${rung.name} · ${rung.glaze}`}
          sub={rung.atGrowth === 0 ? '入会就有' : `${countText(rung.atGrowth)} 成长值`}
          end={<Reached here={rung.tier === tier} missing={rung.atGrowth - growth} />}
        />
      ))}
    </Panel>
  </View>
)

function Reached({ here, missing }: { here: boolean; missing: number }) {
  if (here) return <Tag kind="brand">现在</Tag>
  if (missing <= 0) return <Icon name="check" size="m" className="hy-3" />
  return <View className="hy-num">{`还差 ${countText(missing)}`}</View>
}
