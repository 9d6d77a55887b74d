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
        <Area {...{ id, label, value, most, placeholder, onInput }} />
        <View className="hy-writing__foot">
          <Text>{count < least ? `再写 ${least - count} 个字` : ''}</Text>
          <Text className="hy-writing__count">{`${count} / ${most}`}</Text>
        </View>
      </View>
    </View>
  )
}

type AreaWish = Pick<WritingWish, 'id' | 'label' | 'value' | 'most' | 'placeholder' | 'onInput'>

/** WeChat's own, and in browsers theirs: Taro's would bring a library of elements along. */
const Area = ({ id, label, value, most, placeholder, onInput }: AreaWish) => {
  const same = { id, className: 'hy-writing__area', value, placeholder, ...aria({ label }) }
  if (process.env.TARO_ENV === 'h5')
    return <textarea {...same} maxLength={most} onChange={(event) => onInput(event.target.value)} />
  return <Textarea {...same} maxlength={most} onInput={(event) => onInput(event.detail.value)} />
}

/** How many letters the server will count: spaces around do not. */
export const lettersOf = (text: string): number => [...text.trim()].length
