import { View } from '@tarojs/components'
import { aria } from './aria'

export type IconName =
  | 'home'
  | 'code'
  | 'me'
  | 'go'
  | 'back'
  | 'clock'
  | 'card'
  | 'phone'
  | 'store'
  | 'list'
  | 'medal'
  | 'shield'
  | 'scan'
  | 'check'
  | 'x'
  | 'warn'
  | 'off'
  | 'del'
  | 'leaf'
  | 'spark'
  | 'bell'
  | 'link'
  | 'chat'
  | 'out'
  | 'bowl'
  | 'mall'
  | 'ticket'
  | 'gift'
  | 'lock'
  | 'share'
  | 'people'
  | 'cup'
  | 'pin'
  | 'save'
  | 'sun'
  | 'camera'
  | 'search'
  | 'heart'
  | 'heart-full'
  | 'star'
  | 'star-full'
  | 'again'
  | 'pen'
  | 'news'

/** A drawn sign in the colour of its words; it says nothing to a screen reader. */
export const Icon = ({
  name,
  size,
  className = '',
}: {
  name: IconName
  size?: 's' | 'm' | 'l'
  className?: string
}) => (
  <View
    className={`hy-icon hy-icon-${name}${size ? ` hy-icon--${size}` : ''} ${className}`}
    {...aria({ hidden: true })}
  />
)
