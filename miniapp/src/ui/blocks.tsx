import { Text, View } from '@tarojs/components'
import type { PropsWithChildren, ReactNode } from 'react'
import { aria } from './aria'
import { Icon, type IconName } from './icon'
import { tapProps } from './tap'

export const Panel = ({ children, pad }: PropsWithChildren<{ pad?: boolean }>) => (
  <View className={`hy-panel${pad ? ' hy-panel--pad' : ''}`}>{children}</View>
)

export const Section = ({ title, more, onMore }: { title: string; more?: string; onMore?: () => void }) => (
  <View className="hy-section">
    <Text className="hy-title">{title}</Text>
    {more && onMore && (
      <View className="hy-section__more" {...tapProps(onMore, more)}>
        <Text>{more}</Text>
        <Icon name="go" size="s" />
      </View>
    )}
  </View>
)

export interface CellWish {
  icon?: IconName
  tone?: 'accent' | 'quiet'
  lead?: ReactNode
  title: ReactNode
  sub?: ReactNode
  end?: ReactNode
  onTap?: () => void
  /** What a tap does here, in a word; without it a tap leads somewhere else. */
  act?: string
  id?: string
  label?: string
}

/** One row of a list; with `onTap` it is a button and shows that it leads somewhere. */
export function Cell({ icon, tone, lead, title, sub, end, onTap, act, id, label }: CellWish) {
  // in browsers the words of the row are its name; a shorter one would hide the rest of them
  const named = process.env.TARO_ENV === 'weapp' && typeof title === 'string' ? title : undefined
  const tap = onTap ? tapProps(onTap, label ?? named) : {}
  return (
    <View {...(id ? { id } : {})} className={`hy-cell${onTap ? ' hy-cell--tap' : ''}`} {...tap}>
      {icon && (
        <View className={`hy-cell__lead${tone ? ` hy-cell__lead--${tone}` : ''}`}>
          <Icon name={icon} size="m" />
        </View>
      )}
      {lead}
      <View className="hy-cell__main">
        <View className="hy-cell__title">{title}</View>
        {sub && <View className="hy-cell__sub">{sub}</View>}
      </View>
      {(end || onTap) && (
        <View className="hy-cell__end">
          {end}
          {act ? (
            <Text className="hy-brandly hy-bold">{act}</Text>
          ) : (
            onTap && <Icon name="go" size="s" className="hy-cell__go" />
          )}
        </View>
      )}
    </View>
  )
}

export const Tag = ({ kind, children }: PropsWithChildren<{ kind?: 'brand' | 'accent' | 'ok' | 'bad' }>) => (
  <Text className={`hy-tag${kind ? ` hy-tag--${kind}` : ''}`}>{children}</Text>
)

export const Chip = ({ on, onTap, children }: { on: boolean; onTap: () => void; children: string }) => (
  <View className={`hy-chip${on ? ' hy-chip--on' : ''}`} {...tapProps(onTap, on ? `${children}，已选` : children)}>
    <Text className="hy-chip__in">{children}</Text>
  </View>
)

/** A bar of parts, each a share from 0 to 1 of the whole. */
export const Bar = ({ parts }: { parts: number[] }) => (
  <View className="hy-bar" {...aria({ hidden: true })}>
    {parts.map((part, index) => (
      <View
        key={index}
        className={`hy-bar__part hy-bar__part--${index + 1}`}
        style={{ width: `${Math.max(0, Math.min(1, part)) * 100}%` }}
      />
    ))}
  </View>
)
