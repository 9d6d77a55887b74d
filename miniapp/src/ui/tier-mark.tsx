import { View } from '@tarojs/components'
import { aria } from './aria'

/** The mark of a tier: its shape tells it apart from the others without its colour. */
export const TierMark = ({
  tier,
  size,
  className = '',
}: {
  tier: number
  size?: 's' | 'm' | 'l'
  className?: string
}) => (
  <View
    className={`hy-icon hy-icon-tier-${tier}${size ? ` hy-icon--${size}` : ''} ${className}`}
    {...aria({ hidden: true })}
  />
)
