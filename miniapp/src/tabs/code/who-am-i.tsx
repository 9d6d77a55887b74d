import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { Points } from '../../ui/points'
import { TierMark } from '../../ui/tier-mark'

/** Name, tier and points above the code. */
export const WhoAmI = ({ card }: { card: RouterOutputs['home']['show']['card'] }) => (
  <View className="hy-row hy-between hy-words">
    <View className={`hy-row hy-tier-${card.tier}`}>
      <View className="hy-rung__dot" style={{ marginRight: '12px' }}>
        <TierMark tier={card.tier} size="m" />
      </View>
      <View>
        <View
          className="hy-bold"
          style={{ color: 'var(--ink)' }}
        >{`${card.displayName} · ${rungOf(card.tier, DEMO_POLICY).name}`}</View>
        <Text className="hy-caption hy-3 hy-num">{`会员号尾号 ${card.memberNo.slice(-4)}`}</Text>
      </View>
    </View>
    <View style={{ color: 'var(--ink)' }}>
      <Points value={card.points} size="m" />
    </View>
  </View>
)
