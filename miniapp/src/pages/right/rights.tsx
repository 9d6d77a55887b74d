import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { RightCard } from './right-card'
import './right.css'

export type OwnRight = RouterOutputs['right']['list']['rights'][number]

/** What membership is good for beyond points: what I may use now, when what is used up comes back, and what unlocks the rest. */
export default function Rights() {
  const read = useRead(['rights'], () => api.right.list.query(), { keepAs: 'rights' })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={4} />}>
        {({ rights }) =>
          rights.length === 0 ? (
            <Empty title="还没有权益" sub="有了会放在这里" />
          ) : (
            <View id="rights">
              {rights.map((right) => (
                <RightCard key={right.rightId} right={right} />
              ))}
            </View>
          )
        }
      </States>
    </Page>
  )
}
