import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { View } from '@tarojs/components'
import type { CardOf } from './member-card'

/** The bowl from above: its rim fills with growth toward the next tier. */
export function GrowthRing({ growth, next }: { growth: number; next: CardOf['nextTier'] }) {
  const share = next ? (growth - next.fromGrowth) / Math.max(1, next.atGrowth - next.fromGrowth) : 1
  const filled = Math.round(Math.max(0, Math.min(1, share)) * 100)
  const rim = { backgroundImage: `conic-gradient(var(--t-ring) ${filled}%, var(--t-rail) 0)` }
  return (
    <View className="hy-bowl" style={rim}>
      <View className="hy-bowl__well">
        {next ? (
          <>
            <View>再积</View>
            <View className="hy-bowl__n">{countText(next.needGrowth)}</View>
            <View>{`升${rungOf(next.tier, DEMO_POLICY).name}`}</View>
          </>
        ) : (
          <>
            <View>已到</View>
            <View className="hy-bowl__n">顶级</View>
            <View>谢谢你</View>
          </>
        )}
      </View>
    </View>
  )
}
