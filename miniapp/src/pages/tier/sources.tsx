import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { Bar, Panel, Section } from '../../ui/blocks'
import type { Explained } from './explained'

/** Where the growth of the window came from, line by line. */
export function Sources({ explained: { sources, growth, next, windowFrom } }: { explained: Explained }) {
  const whole = Math.max(next?.atGrowth ?? growth, growth, 1)
  return (
    <View id="sources">
      <Section title="成长值从这里来" />
      <Panel pad>
        <View className="tr-bar">
          <Bar parts={sources.slice(0, 3).map((source) => source.growth / whole)} />
        </View>
        {sources.length === 0 && <View className="hy-2 hy-mt4">每消费 1 元得 1 成长值，从下一单开始。</View>}
        {sources.map((source, index) => (
          <View key={source.reason} className="hy-row hy-mt4">
            <View className={`tr-dot hy-bar__part--${index + 1}`} />
            <View className="hy-grow">{source.words}</View>
            <Text className="hy-bold hy-num">{`+${countText(source.growth)}`}</Text>
          </View>
        ))}
        <View className="tr-sum hy-row hy-between">
          <View className="hy-grow">
            <View className="hy-bold">近 12 个月共</View>
            <View className="hy-caption hy-3">{`从 ${dayWords(new Date(windowFrom), new Date())}起算，更早的不再计入`}</View>
          </View>
          <Text className="tr-total">{countText(growth)}</Text>
        </View>
      </Panel>
    </View>
  )
}
