import { Text, View } from '@tarojs/components'
import { Icon } from '../../ui/icon'

/** What is worth a sentence to this customer; nothing where there is none. */
export const SayAloud = ({ words }: { words: string[] }) =>
  words.length > 0 ? (
    <View className="st-say">
      <View className="hy-caption hy-2">可以说一声</View>
      {words.map((sentence) => (
        <View key={sentence} className="st-say__line">
          <Icon name="leaf" size="s" className="hy-brandly" />
          <Text className="st-say__words">{sentence}</Text>
        </View>
      ))}
    </View>
  ) : null
