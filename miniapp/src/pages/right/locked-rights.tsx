import { Text, View } from '@tarojs/components'
import { go, toTab } from '../../lib/nav'
import { Cell, Panel } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { InPieces } from './in-pieces'
import { effectOf } from './right-effect'
import { stateWords, wayOf } from './right-words'
import type { OwnRight } from './rights'

/** What there is beyond, one line each: what it does, and what brings it. */
export const LockedRights = ({ rights }: { rights: OwnRight[] }) => (
  <Panel>
    <InPieces rows={rights.map((right) => <LockedRight key={right.rightId} right={right} />)} />
  </Panel>
)

function LockedRight({ right }: { right: OwnRight }) {
  const way = wayOf(right)
  const effect = effectOf(right)
  return (
    <Cell
      id={`right-${right.rightId}`}
      lead={
        <View className="rt-mark rt-mark--locked">
          <Icon name="lock" size="m" />
        </View>
      }
      title={
        <View className="rt-top">
          <Text className="rt-title">{right.title}</Text>
          {effect && <Text className="rt-effect rt-effect--locked hy-num">{effect}</Text>}
        </View>
      }
      sub={
        <>
          <View>{right.words}</View>
          <View className="hy-bold hy-mt1">{stateWords(right, new Date())}</View>
        </>
      }
      {...(way && { onTap: () => ('tab' in way ? toTab(way.tab) : go(way.path)) })}
    />
  )
}
