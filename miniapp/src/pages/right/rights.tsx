import { View } from '@tarojs/components'
import type { ReactElement } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Section } from '../../ui/blocks'
import { Later } from '../../ui/later'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import './right.css'
import { InPieces } from './in-pieces'
import { LockedRights } from './locked-rights'
import { RightCard } from './right-card'
import { groupsOf } from './right-words'

export type OwnRight = RouterOutputs['right']['list']['rights'][number]

/** What membership is good for beyond points; for who is no member, the way to become one. */
export default function Rights() {
  const { state } = useSession()
  if (state === 'starting' || state === 'member') return <Mine member={state === 'member'} />
  return (
    <Page>
      <Empty
        title={state === 'guest' ? '入会就有权益' : '登录看我的权益'}
        sub="会员价、早一步的新品、到店的小服务，都在这里"
        action={state === 'guest' ? '领取会员卡' : '去登录'}
        onAction={() => toTab('home')}
      />
    </Page>
  )
}

/** What I may use now, when what is used up comes back, and what unlocks the rest. */
function Mine({ member }: { member: boolean }) {
  const read = useRead(['rights'], () => api.right.list.query(), { keepAs: 'rights', enabled: member })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={4} />}>
        {({ rights }) =>
          rights.length === 0 ? (
            <Empty title="还没有权益" sub="有了会放在这里" />
          ) : (
            <View id="rights">
              <InPieces rows={rowsOf(rights)} />
            </View>
          )
        }
      </States>
    </Page>
  )
}

/** The groups one below the other, each a title and its cards. */
const rowsOf = (rights: OwnRight[]): ReactElement[] =>
  groupsOf(rights).flatMap(({ state, title, rights: some }) => [
    <View key={state} id={`rights-${state}`}>
      <Section title={title} />
    </View>,
    ...(state === 'locked'
      ? [
          <Later key="rows">
            <LockedRights rights={some} />
          </Later>,
        ]
      : some.map((right) => <RightCard key={right.rightId} right={right} />)),
  ])
