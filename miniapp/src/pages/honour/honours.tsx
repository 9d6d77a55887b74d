import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { go, toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { AllowMessage } from '../../ui/allow-message'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { HonourCard } from './honour-card'
import { isWorn } from './honour-words'
import './honour.css'

export type Shown = RouterOutputs['honour']['mine']
export type Honour = Shown['honours'][number]

/** The names that small things leave: what is worn, what it asks for, and what there is to come. */
export default function HonoursPage() {
  const { state } = useSession()
  const stranger = state === 'guest' || state === 'signed_out'
  const read = useRead(['honours'], () => api.honour.mine.query(), { keepAs: 'honours', enabled: !stranger })
  return (
    <Page broad onRefresh={read.reload}>
      {stranger ? (
        <Empty title="入会就能留一个名字" sub="做一件小事，得一枚徽章" action="去入会" onAction={() => toTab('home')} />
      ) : (
        <States read={read} skeleton={<Skeleton kind="panels" rows={3} />}>
          {({ honours }) =>
            honours.length === 0 ? (
              <Empty
                title="荣誉还在路上"
                sub="先做一件小事，有了会放在这里"
                action="看看小事"
                onAction={() => go('/pages/obligation/obligations')}
              />
            ) : (
              <List honours={honours} />
            )
          }
        </States>
      )}
    </Page>
  )
}

const STEP = 2
const MOST = 12
/** What is worn comes first, then what can be won back, then what there is to come. */
const RANK: Record<Honour['state'], number> = { warned: 0, worn: 1, lapsed: 2, open: 3 }

function List({ honours }: { honours: Honour[] }) {
  const sorted = [...honours].sort((a, b) => RANK[a.state] - RANK[b.state])
  const { shown, more } = useGrowing(sorted, STEP, MOST)
  const worn = honours.filter(isWorn).length
  return (
    <View id="honours">
      <View className="hy-top">
        <View className="hy-display">{worn > 0 ? `戴着 ${worn} 枚` : '还没有戴上'}</View>
        <View className="hy-2 hy-mt1">{`一共 ${honours.length} 枚，都从小事里来`}</View>
      </View>
      <View className="ho-cards">
        {shown.map((honour) => (
          <HonourCard key={honour.honourId} honour={honour} />
        ))}
      </View>
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" block small onTap={more}>
            更多
          </Button>
        </View>
      )}
      {worn > 0 && <AllowMessage id="allow-honour" template="honour_ending" title="快要戴不住时告诉我" />}
    </View>
  )
}
