import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { type Group, groupOf, startGroup } from './group'
import { HonourShelf } from './honour-shelf'
import { ObligationCard } from './obligation-card'
import './obligations.css'

export type Shown = RouterOutputs['obligation']['list']
export type Obligation = Shown['obligations'][number]

const GROUPS: { group: Group; name: string; nothing: { title: string; sub: string } }[] = [
  { group: 'doing', name: '进行中', nothing: { title: '手边还没有', sub: '挑一件顺手的小事，接下它' } },
  { group: 'open', name: '可以做', nothing: { title: '现在没有新的', sub: '下一件来了，会写在这里' } },
  { group: 'done', name: '已完成', nothing: { title: '还没有做完的', sub: '做完一件，就在这里留个名' } },
]

/** Small things done for the house, and the names they leave. */
export default function ObligationsPage() {
  const { state } = useSession()
  const stranger = state === 'guest' || state === 'signed_out'
  const read = useRead(['obligations'], () => api.obligation.list.query(), {
    keepAs: 'obligations',
    enabled: !stranger,
  })
  const honours = useRead(['honours'], () => api.honour.mine.query(), { keepAs: 'honours', enabled: !stranger })
  useShareCard({ title: '做一件小事，留一个名字', path: '/pages/obligation/obligations' })
  return (
    <Page broad onRefresh={() => Promise.all([read.reload(), ...(stranger ? [] : [honours.reload()])])}>
      <View className="hy-cols ob-top">
        <View className="hy-col hy-top">
          <View className="hy-display">做一件小事，</View>
          <View className="hy-display">留一个名字</View>
        </View>
        <View className="hy-col">
          {!stranger && <HonourShelf honours={honours.data?.honours} coming={!honours.data && !honours.fault} />}
        </View>
      </View>
      {stranger ? (
        <Empty
          title="入会就能接下一件"
          sub="都是顺手的小事：带自己的杯子，说句真心话"
          action="去入会"
          onAction={() => toTab('home')}
        />
      ) : (
        <States read={read} skeleton={<Skeleton kind="panels" rows={4} />}>
          {({ obligations }) => <List obligations={obligations} />}
        </States>
      )}
    </Page>
  )
}

const STEP = 2
const MOST = 20

function List({ obligations }: { obligations: Obligation[] }) {
  const [chosen, setChosen] = useState<Group | null>(null)
  const group = chosen ?? startGroup(obligations)
  const fitting = obligations.filter((one) => groupOf(one) === group)
  const nothing = GROUPS.find((one) => one.group === group)?.nothing
  return (
    <View id="obligations">
      <View className="hy-chips ob-chips">
        {GROUPS.map((one) => (
          <Chip key={one.group} on={one.group === group} onTap={() => setChosen(one.group)}>
            {`${one.name} ${obligations.filter((own) => groupOf(own) === one.group).length}`}
          </Chip>
        ))}
      </View>
      <Cards key={group} obligations={fitting} />
      {fitting.length === 0 && nothing && <Empty {...nothing} />}
    </View>
  )
}

/** One group's; another group begins to grow anew. */
function Cards({ obligations }: { obligations: Obligation[] }) {
  const { shown, more } = useGrowing(obligations, STEP, MOST)
  return (
    <View>
      <View className="ob-cards">
        {shown.map((one) => (
          <ObligationCard key={one.obligationId} obligation={one} />
        ))}
      </View>
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" block small onTap={more}>
            更多
          </Button>
        </View>
      )}
    </View>
  )
}
