import { type ButtonProps, Button as TaroButton, View } from '@tarojs/components'
import type { PropsWithChildren } from 'react'
import { aria } from './aria'
import { tapProps } from './tap'

export interface ButtonWish {
  onTap?: () => void
  kind?: 'primary' | 'secondary' | 'ghost' | 'line'
  busy?: boolean
  disabled?: boolean
  block?: boolean
  small?: boolean
  id?: string
  label?: string
  /** WeChat's own powers of a button, such as getPhoneNumber. */
  open?: Pick<ButtonProps, 'openType' | 'onGetPhoneNumber'>
}

/** A button. While its command runs it turns and takes no second tap. Taro's own Button only where WeChat's powers are needed. */
export function Button({ children, onTap, busy, disabled, id, label, open, ...look }: PropsWithChildren<ButtonWish>) {
  const off = disabled || busy
  const className = classOf({ ...look, ...(disabled ? { disabled } : {}) })
  const named = id ? { id } : {}
  const inside = (
    <>
      {busy && <View className="hy-button__wait" />}
      {children}
    </>
  )
  if (open && !off)
    return (
      <TaroButton {...named} className={className} hoverClass="none" {...aria({ label })} {...open}>
        {inside}
      </TaroButton>
    )
  const tap = tapProps(() => {
    if (!off) onTap?.()
  }, label)
  return (
    <View {...named} className={className} {...tap} {...aria({ disabled: off ?? false })}>
      {inside}
    </View>
  )
}

function classOf({
  kind = 'primary',
  block,
  small,
  disabled,
}: Pick<ButtonWish, 'kind' | 'block' | 'small' | 'disabled'>): string {
  const parts = ['hy-button', `hy-button--${disabled ? 'off' : kind}`]
  if (block) parts.push('hy-button--block')
  if (small) parts.push('hy-button--small')
  return parts.join(' ')
}
