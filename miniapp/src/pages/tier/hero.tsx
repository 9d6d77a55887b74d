import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { type Explained, rungIn } from './explained'

/** The tier held and what is missing to the next one; the rim of the bowl fills with growth. */
export function Hero({ explained }: { explained: Explained }) {
  const { tier, growth, next } = explained
  const name = rungIn(explained, tier)?.name ?? ''
  const nextName = rungIn(explained, next?.tier)?.name ?? ''
  return (
    <View className={`hy-row hy-between hy-top hy-tier-${tier}`}>
      <View className="hy-grow tr-words">
        <View className="hy-display">{`你是${name}会员`}</View>
        <View className="hy-2 hy-mt1">
          {next ? (
            <>
              再积 <Text className="hy-brandly hy-bold hy-num">{countText(next.needGrowth)}</Text>
              {` 成长值，升到${nextName}`}
            </>
          ) : (
            '已经是最高一级，谢谢你'
          )}
        </View>
      </View>
      <Bowl growth={growth} whole={next?.atGrowth ?? null} />
    </View>
  )
}

function Bowl({ growth, whole }: { growth: number; whole: number | null }) {
  const filled = Math.round(Math.max(0.02, Math.min(1, whole ? growth / whole : 1)) * 100)
  const rim = { backgroundImage: `conic-gradient(var(--t-ring) ${filled}%, var(--t-rail) 0)` }
  const label = `成长值 ${countText(growth)}${whole ? `，共要 ${countText(whole)}` : ''}`
  return (
    <View className="hy-bowl tr-bowl" style={rim} {...aria({ role: 'img', label })}>
      <View className="hy-bowl__well">
        <View className="hy-bowl__n">{countText(growth)}</View>
        <View className="hy-num">{whole ? `/ ${countText(whole)}` : '成长值'}</View>
      </View>
    </View>
  )
}
