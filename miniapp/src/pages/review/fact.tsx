import { Text, View } from '@tarojs/components'

export const Fact = ({ name, words }: { name: string; words: string }) => (
  <View className="rv-fact">
    <Text className="rv-fact__name">{name}</Text>
    <Text className="rv-fact__words">{words}</Text>
  </View>
)
