import { View } from '@tarojs/components'
import type { ComponentType } from 'react'
import { useGrowing } from '../../lib/growing'
import { Earlier } from '../../ui/earlier'
import { Empty, States } from '../../ui/states'
import type { Queue } from './use-queues'

const STEP = 2
const MOST = 200

export interface CardWish<C> {
  one: C
  onOpen: (one: C) => void
}

interface ListWish<C> {
  queue: Queue<C>
  Card: ComponentType<CardWish<C>>
  onOpen: (one: C) => void
  /** What stands there when nothing waits. */
  none: string
}

/** What waits for a person, card by card. */
export function CaseList<C extends { caseRef: string }>({ queue, Card, onOpen, none }: ListWish<C>) {
  const { first, cases, ...pages } = queue
  const { shown } = useGrowing(cases, STEP, MOST)
  return (
    <States read={first}>
      {() =>
        cases.length === 0 ? (
          <Empty title="没有在等的" sub={none} />
        ) : (
          <View>
            <View className="rv-cards">
              {shown.map((one) => (
                <Card key={one.caseRef} one={one} onOpen={onOpen} />
              ))}
            </View>
            <Earlier {...pages} />
          </View>
        )
      }
    </States>
  )
}
