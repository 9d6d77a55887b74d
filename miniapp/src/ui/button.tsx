import { type ButtonProps, Button as TaroButton, View } from '@tarojs/components'
import type { PropsWithChildren } from 'react'
import { aria } from './aria'

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

/** A button. While its command runs it turns and takes no second tap. */
export function Button({
  children,
  onTap,
  kind = 'primary',
  busy,
  disabled,
  block,
  small,
  id,
  label,
  open,
}: PropsWithChildren<ButtonWish>) {
  const off = disabled || busy
  const look = disabled ? 'off' : kind
  const className = `hy-button hy-button--${look}${block ? ' hy-button--block' : ''}${small ? ' hy-button--small' : ''}`
  return (
    <TaroButton
      {...(id ? { id } : {})}
      className={className}
      hoverClass="none"
      disabled={off}
      {...aria({ label })}
      {...(off ? {} : open)}
      onClick={() => {
        if (!off) onTap?.()
      }}
    >
      {busy && <View className="hy-button__wait" />}
      {children}
    </TaroButton>
  )
}
