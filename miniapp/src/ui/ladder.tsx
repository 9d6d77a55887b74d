import { Text, View } from '@tarojs/components'
import { TierMark } from './tier-mark'

/** The six steps, the held one marked. */
export const Ladder = ({ rungs, tier }: { rungs: { tier: number; name: string }[]; tier: number }) => (
  <View className="hy-ladder">
    {rungs.map((rung) => (
      <View key={rung.tier} className={`hy-rung hy-tier-${rung.tier}${rung.tier === tier ? ' hy-rung--on' : ''}`}>
        <View className="hy-rung__dot">
          <TierMark tier={rung.tier} size="m" />
        </View>
        <Text>{rung.name}</Text>
        {rung.tier === tier && <Text className="hy-hidden">(现在)</Text>}
      </View>
    ))}
  </View>
)
