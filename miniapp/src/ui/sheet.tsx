import { Text, View } from '@tarojs/components'
import type { PropsWithChildren } from 'react'
import { scaled } from '../lib/text-scale'
import { aria } from './aria'
import { Icon } from './icon'
import { tapProps } from './tap'

/** A sheet from below, over the page. Tapping beside it closes it. */
export function Sheet({
  open,
  onClose,
  title,
  children,
}: PropsWithChildren<{ open: boolean; onClose: () => void; title: string }>) {
  if (!open) return null
  return (
    <View>
      <View className="hy-veil" onClick={onClose} catchMove />
      <View className="hy-sheet" {...scaled} {...aria({ role: 'dialog', label: title })}>
        <View className="hy-sheet__head">
          <Text className="hy-title">{title}</Text>
          <View className="hy-sheet__close" {...tapProps(onClose, '关闭')}>
            <Icon name="x" size="m" />
          </View>
        </View>
        {children}
      </View>
    </View>
  )
}
