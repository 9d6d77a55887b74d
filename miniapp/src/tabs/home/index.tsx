import { View } from '@tarojs/components'
import { useShareAppMessage } from '@tarojs/taro'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { useHome } from '../../lib/home'
import { useSession } from '../../lib/session'
import { MemberCard } from '../../ui/member-card'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { BrandLine, Greeting } from './brand-line'
import { GuestHome } from './guest-home'
import { Nearby } from './nearby'
import { Today } from './today'

/** Home: for a guest what the house offers, for a member the card and the few things worth doing today. */
export default function Home() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  useShareAppMessage(() => ({ title: '一盏 · 会员中心', path: '/tabs/home/index' }))
  return (
    <>
      {state === 'member' ? (
        <MemberHome />
      ) : (
        <Page tab="home">
          <BrandLine />
          {state === 'starting' ? <Skeleton kind="card" /> : <GuestHome onJoin={() => setJoining(true)} />}
        </Page>
      )}
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </>
  )
}

/** The shape of home: greeting, card, the day. */
const Coming = () => (
  <View>
    <View className="hy-top">
      <View className="hy-sk hy-sk--line" />
      <View className="hy-sk hy-sk--short" />
    </View>
    <Skeleton kind="card" />
  </View>
)

function MemberHome() {
  const read = useHome()
  return (
    <Page tab="home" onRefresh={read.reload}>
      <BrandLine />
      <States read={read} skeleton={<Coming />}>
        {({ card, today, stores }) => (
          <>
            <Greeting name={card.displayName} />
            <MemberCard card={card} />
            <Today items={today} />
            <Nearby stores={stores} />
          </>
        )}
      </States>
    </Page>
  )
}
