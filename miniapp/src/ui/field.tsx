import { Input, Text, View } from '@tarojs/components'
import type { ReactNode } from 'react'
import { aria } from './aria'

export interface FieldWish {
  label: string
  value: string
  onInput: (value: string) => void
  onConfirm?: () => void
  /** `digit` has a decimal point, in WeChat only. */
  type?: 'text' | 'number' | 'digit' | 'nickname'
  id?: string
  maxLength?: number
  hint?: string
  bad?: boolean
  end?: ReactNode
  focus?: boolean
  placeholder?: string
}

/** One line to fill in, with its name above and, where needed, a word below. */
export const Field = ({
  label,
  value,
  onInput,
  onConfirm,
  type = 'text',
  id,
  maxLength = 40,
  hint,
  bad,
  end,
  focus,
  placeholder,
}: FieldWish) => (
  <View className="hy-field">
    <Text className="hy-field__label">{label}</Text>
    <View className="hy-field__row">
      <Input
        {...(id ? { id } : {})}
        className="hy-field__input"
        {...aria({ label })}
        type={type}
        value={value}
        maxlength={maxLength}
        focus={focus ?? false}
        placeholder={placeholder ?? ''}
        onInput={(event) => onInput(event.detail.value)}
        onConfirm={() => onConfirm?.()}
      />
      {end}
    </View>
    {hint && <View className={`hy-field__hint${bad ? ' hy-field__hint--bad' : ''}`}>{hint}</View>}
  </View>
)
