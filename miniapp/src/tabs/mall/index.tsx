import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { type Mall, useMall } from '../../lib/mall'
import { go, toTab } from '../../lib/nav'
import { refresh } from '../../lib/query'
import { heroOf } from '../../lib/reward'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Later } from '../../ui/later'
import { Page } from '../../ui/page'
import { Points } from '../../ui/points'
import { Empty, States } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { Coming } from './coming'
import { Hero } from './hero'
import './mall.css'
import { Shelf } from './shelf'

/** The points mall: what one has, the limited edition, and what it can be exchanged for. */
export default function MallTab() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  useShareCard({ title: '一盏积分商城，攒够就换', path: '/tabs/mall/index' })
  const read = useMall()
  return (
    <Page tab="mall" onRefresh={read.reload}>
      <States read={read} skeleton={<Coming />}>
        {(mall) => (
          <>
            <Purse mall={mall} />
            <View id="search-open" className="ml-search" {...tapProps(() => go('/pages/mall/search'))}>
              <Icon name="search" size="m" />
              <Text>搜茶、搜券、搜一只盏</Text>
            </View>
            {mall.points === null && <Invitation guest={state === 'guest'} onJoin={() => setJoining(true)} />}
            <Goods mall={mall} />
          </>
        )}
      </States>
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </Page>
  )
}

function Goods({ mall }: { mall: Mall }) {
  const { rewards } = mall
  const hero = heroOf(rewards, new Date())
  if (rewards.length === 0) return <Empty title="货架正在上新" sub="积分都在，下次来看看" />
  return (
    <View>
      {hero && <Hero reward={hero} onOpen={() => void refresh('mall')} />}
      <View>
        <Later>
          <Shelf mall={mall} heroId={hero?.rewardId} />
        </Later>
      </View>
    </View>
  )
}

/** What there is to spend; what is owed is said in words. */
const Purse = ({ mall: { points, debtPoints } }: { mall: Mall }) => {
  if (points === null)
    return (
      <View className="ml-purse">
        <View className="hy-grow">
          <View className="hy-display">攒够就换</View>
          <View className="hy-2">每消费 1 元得 1 积分，入会就开始攒</View>
        </View>
      </View>
    )
  return (
    <View>
      <View className="ml-purse">
        <Points id="mall-points" value={points} unit="积分可用" />
        <View id="redemptions-open" className="ml-more" {...tapProps(() => go('/pages/mall/redemptions'), '我的兑换')}>
          <Text>我的兑换</Text>
          <Icon name="go" size="s" />
        </View>
      </View>
      {debtPoints > 0 && (
        <View className="hy-note hy-note--quiet">
          <Icon name="warn" size="m" />
          <View className="hy-note__main">{`还欠 ${countText(debtPoints)} 积分，下次得到的先补上，补完就能换`}</View>
        </View>
      )}
    </View>
  )
}

const Invitation = ({ guest, onJoin }: { guest: boolean; onJoin: () => void }) => (
  <View className="ml-join">
    {guest ? (
      <Button id="join-open" block onTap={onJoin}>
        领取会员卡
      </Button>
    ) : (
      <Button id="sign-in" block onTap={() => toTab('home')}>
        登录看我能换什么
      </Button>
    )}
  </View>
)
