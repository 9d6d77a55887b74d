import { Text, View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { HonourBadge } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { Duties } from './duties'
import { isWorn, KIND_WORDS, noteWords, termWords } from './honour-words'
import type { Honour } from './honours'
import { OnWall } from './on-wall'

/** One honour: its seal, how long, what it asks for, and what can be done with it. */
export function HonourCard({ honour }: { honour: Honour }) {
  const { honourId, name, mark, words, kind, state } = honour
  const now = new Date()
  const worn = isWorn(honour)
  const note = noteWords(honour, now)
  return (
    <View id={`honour-${honourId}`} className={`hy-panel hy-panel--pad ho-card ho-card--${state}`}>
      <View className="ho-card__top">
        <HonourBadge mark={mark} held={worn} />
        <View className="hy-grow ho-card__main">
          <View className="ho-card__name">
            <Text className="hy-title">{name}</Text>
            <Tag {...(worn ? { kind: 'brand' as const } : {})}>{KIND_WORDS[kind]}</Tag>
          </View>
          <View className="hy-caption hy-3 hy-num">{termWords(honour, now)}</View>
        </View>
      </View>
      <View className="hy-2 hy-mt2">{words}</View>
      {note && (
        <View className={`ho-note ho-note--${note.kind}`}>
          <Icon name={note.kind === 'warn' ? 'clock' : 'leaf'} size="s" />
          <Text className="hy-grow">{note.words}</Text>
        </View>
      )}
      <Duties honour={honour} now={now} />
      {worn && <OnWall honour={honour} />}
      <View className="ho-foot">
        {worn ? (
          <Button
            id={`certificate-${honourId}`}
            kind="secondary"
            small
            label={`${name}的证书`}
            onTap={() => go(`/pages/honour/certificate?id=${honourId}`)}
          >
            证书
          </Button>
        ) : honour.regainUntil ? null : (
          <Button
            id={`ways-${honourId}`}
            kind="secondary"
            small
            label={`怎么得到${name}`}
            onTap={() => go('/pages/obligation/obligations')}
          >
            怎么得到
          </Button>
        )}
        <Button
          id={`wall-${honourId}`}
          kind="line"
          small
          label={`${name}的荣誉墙`}
          onTap={() => go(`/pages/honour/wall?id=${honourId}`)}
        >
          荣誉墙
        </Button>
      </View>
    </View>
  )
}
