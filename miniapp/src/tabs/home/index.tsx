import { View } from '@tarojs/components'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { useHome } from '../../lib/home'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { Later } from '../../ui/later'
import { MemberCard } from '../../ui/member-card'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { BrandLine, Greeting } from './brand-line'
import { Entries } from './entries'
import { GuestHome } from './guest-home'
import './home.css'
import { MenuWay } from './menu-way'
import { Nearby } from './nearby'
import { NewsLine } from './news-line'
import { openGift } from './open-gift'
import { Rewards } from './rewards'
import { Today } from './today'
import { useGuestHome } from './use-guest-home'

/** Home: for a guest what the house offers, for a member the card and the few things worth doing today. */
export default function Home() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  useShareCard({ title: '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
  return (
    <>
      {state === 'member' ? <MemberHome /> : <StrangerHome onJoin={() => setJoining(true)} />}
      {/* in a View of its own: closing it must not hand the phone the whole page again */}
      <View>
        <JoinSheet open={joining} onClose={() => setJoining(false)} onJoined={() => void openGift()} />
      </View>
    </>
  )
}

function StrangerHome({ onJoin }: { onJoin: () => void }) {
  const { state } = useSession()
  const offer = useGuestHome()
  return (
    <Page tab="home" onRefresh={offer.reload}>
      <BrandLine />
      {state === 'starting' ? <Skeleton kind="card" /> : <GuestHome offer={offer} onJoin={onJoin} />}
    </Page>
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
        {({ card, today, gift, counts, rewards, personal, stores, news }) => (
          <>
            <Greeting name={card.displayName} />
            <MemberCard card={card} />
            <Entries gift={gift} counts={counts} />
            <MenuWay sub="看看会员价，多买怎么更省" />
            <Today items={today} />
            <NewsLine news={news} />
            <View>
              <Later>
                <Rewards rewards={rewards} personal={personal} />
                <Nearby stores={stores} />
              </Later>
            </View>
          </>
        )}
      </States>
    </Page>
  )
}
