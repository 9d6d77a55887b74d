import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import { Panel, Section, Tag } from '../../ui/blocks'
import type { Cancellation } from './leave'

/** What goes, in numbers; what is nothing is not said. */
export function Losses({ losses }: { losses: Cancellation['losses'] }) {
  const { points, pendingPoints, debtPoints, growth, tier, coupons, honours, redemptions } = losses
  const rows: [string, string][] = [
    ['可用积分', points > 0 ? countText(points) : ''],
    ['待生效积分', pendingPoints > 0 ? countText(pendingPoints) : ''],
    ['等级', `${rungOf(tier, DEMO_POLICY).name}会员${growth > 0 ? ` · ${countText(growth)} 成长值` : ''}`],
    ['优惠券', coupons > 0 ? `${coupons} 张` : ''],
    ['荣誉', honours > 0 ? `${honours} 个` : ''],
    ['欠分', debtPoints > 0 ? `${countText(debtPoints)} 不再追` : ''],
  ]
  return (
    <>
      <Section title="会失去的" />
      <Panel pad>
        <View id="losses">
          {rows
            .filter(([, words]) => words !== '')
            .map(([name, words]) => (
              <View key={name} className="pv-loss">
                <Text className="hy-2">{name}</Text>
                <Text className="pv-loss__n">{words}</Text>
              </View>
            ))}
          {redemptions.map(({ title, ready }, index) => (
            <View key={index} className="pv-loss">
              <Text className="hy-2 pv-loss__name">{title}</Text>
              {ready ? <Tag kind="accent">现在可取，先去取吧</Tag> : <Tag>备货中，会取消</Tag>}
            </View>
          ))}
        </View>
      </Panel>
    </>
  )
}
