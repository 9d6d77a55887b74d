import { Text, View } from '@tarojs/components'
import { go, toTab } from '../../lib/nav'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { ContactCard } from './contact-card'
import { effectOf } from './right-effect'
import { markOf, stateWords, uses, wayOf } from './right-words'
import type { OwnRight } from './rights'

/** One right: what it does, whether it can be used, how often still, and what brings it (back). */
export function RightCard({ right }: { right: OwnRight }) {
  const { rightId, title, words, state } = right
  const effect = effectOf(right)
  return (
    <View id={`right-${rightId}`} className={`hy-panel rt-card rt-card--${state}`}>
      <View className="hy-row hy-row--top">
        <View className="rt-mark">
          <Icon name={markOf(right)} size="m" />
        </View>
        <View className="hy-grow">
          <View className="rt-top">
            <Text className="hy-title rt-title">{title}</Text>
            {effect && <Text className="rt-effect hy-num">{effect}</Text>}
          </View>
          <View className="hy-2 hy-mt1">{words}</View>
        </View>
      </View>
      {right.kind === 'service_manager' && right.contact && <ContactCard contact={right.contact} />}
      <Foot right={right} />
    </View>
  )
}

function Foot({ right }: { right: OwnRight }) {
  const way = wayOf(right)
  const dots = uses(right)
  return (
    <View className="rt-foot">
      <View className="rt-count">
        {dots && (
          <View className="rt-dots">
            {dots.map((left, n) => (
              <View key={n} className={`rt-dot${left ? ' rt-dot--left' : ''}`} />
            ))}
          </View>
        )}
        <Text className="hy-bold">{stateWords(right, new Date())}</Text>
      </View>
      {way && (
        <Button
          kind="ghost"
          small
          label={`${way.words}，${right.title}`}
          onTap={() => ('tab' in way ? toTab(way.tab) : go(way.path))}
        >
          {way.words}
        </Button>
      )}
    </View>
  )
}
