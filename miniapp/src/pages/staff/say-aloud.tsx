import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'

/** What is worth a sentence to this customer; nothing where there is none. A phone shows the first, the others at a tap. */
export function SayAloud({ words }: { words: string[] }) {
  const [open, setOpen] = useState(false)
  if (words.length === 0) return null
  return (
    <View className={`st-say${open ? ' st-say--open' : ''}`}>
      <View className="st-say__name hy-caption hy-2">可以说一声</View>
      {words.map((sentence, n) => (
        <View key={sentence} className={`st-say__line${n > 0 ? ' st-say__line--more' : ''}`}>
          <Icon name="leaf" size="s" className="hy-brandly" />
          <Text className="st-say__words">{sentence}</Text>
          {n === 0 && words.length > 1 && !open && (
            <View className="st-say__rest" {...tapProps(() => setOpen(true), `还有 ${words.length - 1} 句`)}>
              <Text>{`还有 ${words.length - 1} 句`}</Text>
            </View>
          )}
        </View>
      ))}
    </View>
  )
}
