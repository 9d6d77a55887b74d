import { Text, Textarea, View } from '@tarojs/components'
import { aria } from './aria'

interface WritingWish {
  id: string
  label: string
  value: string
  onInput: (value: string) => void
  /** Letters; what is beyond is not taken. */
  most: number
  /** From so many letters on it can be sent. */
  least?: number
  placeholder?: string
}

/** Some lines in somebody's own words, with how many more there may or must be. */
export function WritingField({ id, label, value, onInput, most, least = 0, placeholder = '' }: WritingWish) {
  const count = lettersOf(value)
  return (
    <View className="hy-field">
      <Text className="hy-field__label">{label}</Text>
      <View className="hy-writing">
        <Textarea
          id={id}
          className="hy-writing__area"
          {...aria({ label })}
          value={value}
          maxlength={most}
          placeholder={placeholder}
          onInput={(event) => onInput(event.detail.value)}
        />
        <View className="hy-writing__foot">
          <Text>{count < least ? `再写 ${least - count} 个字` : ''}</Text>
          <Text className="hy-writing__count">{`${count} / ${most}`}</Text>
        </View>
      </View>
    </View>
  )
}

/** How many letters the server will count: spaces around do not. */
export const lettersOf = (text: string): number => [...text.trim()].length
