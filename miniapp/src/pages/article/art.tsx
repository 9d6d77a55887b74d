import { View } from '@tarojs/components'
import './art.css'

const DRAWN = ['mountain', 'kiln', 'steam', 'persimmon', 'lamp', 'cup', 'letter']

/** The drawing above an article; what a newer server names and this phone cannot draw is a cup that steams. */
export const ArticleArt = ({ art, className = '' }: { art: string; className?: string }) => (
  <View className={`at-art at-art--${DRAWN.includes(art) ? art : 'steam'} ${className}`} />
)
