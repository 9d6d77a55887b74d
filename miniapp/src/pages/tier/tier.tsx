import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Bar, Panel, Section } from '../../ui/blocks'
import { GrowthRing } from '../../ui/growth-ring'
import { Ladder } from '../../ui/ladder'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import './tier.css'

type Explained = RouterOutputs['tier']['explain']

/** Why this tier, what lifts it, what keeps it and until when: all in numbers. */
export default function TierPage() {
  const read = useRead(['tier'], () => api.tier.explain.query(), { keepAs: 'tier' })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton kind="card" />}>
        {(explained) => (
          <>
            <Hero explained={explained} />
            <Panel pad>
              <Ladder rungs={explained.ladder} tier={explained.tier} />
            </Panel>
            <Sources explained={explained} />
            <Thresholds explained={explained} />
          </>
        )}
      </States>
    </Page>
  )
}

function Hero({ explained: { tier, growth, next, ladder } }: { explained: Explained }) {
  const name = ladder.find((rung) => rung.tier === tier)?.name ?? ''
  const nextName = ladder.find((rung) => rung.tier === next?.tier)?.name
  return (
    <View className={`hy-row hy-between hy-top hy-tier-${tier}`}>
      <View className="hy-grow tr-words">
        <View className="hy-display">{`你是${name}会员`}</View>
        <View className="hy-2 hy-mt1">
          {next && nextName ? (
            <>
              再积 <Text className="hy-brandly hy-bold">{countText(next.needGrowth)}</Text>
              {` 成长值，升到${nextName}`}
            </>
          ) : (
            '已经是最高一级，谢谢你'
          )}
        </View>
      </View>
      <GrowthRing growth={growth} next={next} />
    </View>
  )
}

function Sources({ explained: { sources, growth, next, keep, windowFrom } }: { explained: Explained }) {
  const now = new Date()
  const whole = Math.max(next?.atGrowth ?? growth, growth, 1)
  return (
    <View>
      <Section title="成长值从这里来" />
      <Panel pad>
        <Bar parts={sources.slice(0, 3).map((source) => source.growth / whole)} />
        {sources.length === 0 && <View className="hy-2 hy-mt4">每消费 1 元得 1 成长值，从下一单开始。</View>}
        {sources.map((source, index) => (
          <View key={source.reason} className="hy-row hy-mt4">
            <View className={`tr-dot hy-bar__part--${index + 1}`} />
            <View className="hy-grow">{source.words}</View>
            <Text className="hy-bold hy-num">{`+${countText(source.growth)}`}</Text>
          </View>
        ))}
        <View className="tr-sum hy-row hy-between">
          <View>
            <View className="hy-bold">近 12 个月共</View>
            <View className="hy-caption hy-3">{`从 ${dayWords(new Date(windowFrom), now)}起算`}</View>
          </View>
          <Text className="tr-total">{countText(growth)}</Text>
        </View>
        {keep && (
          <View className="hy-caption hy-2 hy-mt2">
            {keep.needGrowth === 0
              ? `本级已保到 ${dayWords(new Date(keep.by), now)}`
              : `${dayWords(new Date(keep.by), now)}前再积 ${countText(keep.needGrowth)}，保住本级`}
          </View>
        )}
      </Panel>
    </View>
  )
}

const Thresholds = ({ explained: { ladder, tier, growth } }: { explained: Explained }) => (
  <View>
    <Section title="每一级要多少" />
    <Panel>
      {ladder.map((rung) => (
        <View key={rung.tier} className="hy-cell">
          <View
            className={`hy-cell__main${rung.tier === tier ? ' hy-bold' : ''}`}
          >{`${rung.name} · ${rung.glaze}`}</View>
          <Text className="hy-num hy-2">
            {rung.atGrowth === 0
              ? '入会即是'
              : `${countText(rung.atGrowth)} 成长值${growth >= rung.atGrowth ? ' ✓' : ''}`}
          </Text>
        </View>
      ))}
    </Panel>
  </View>
)
