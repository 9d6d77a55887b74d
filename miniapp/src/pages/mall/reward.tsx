import { countText, yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { type Mall, useMall, useMallOf } from '../../lib/mall'
import { toTab } from '../../lib/nav'
import { pathOfReward, type Reward, tierName, unitOf } from '../../lib/reward'
import { useShareCard } from '../../lib/share'
import { aria } from '../../ui/aria'
import { Tag } from '../../ui/blocks'
import { Page } from '../../ui/page'
import { Empty, States } from '../../ui/states'
import { Exchange } from './exchange'
import { Facts } from './facts'
import { Front } from './front'
import './mall.css'
import './redemption.css'
import { Opening } from './opening'

/** One reward: what it is, what it costs, how one gets it, and the way to have it. */
export default function RewardPage() {
  const { params } = useRouter()
  const rewardId = params.rewardId ?? ''
  const [joining, setJoining] = useState(false)
  const isThis = (one: Reward) => one.rewardId === rewardId
  const shelf = useMall()
  const beyond = shelf.data !== undefined && !shelf.data.rewards.some(isThis)
  const alone = useMallOf(beyond ? rewardId : '')
  const read = beyond ? alone : shelf
  const reward = read.data?.rewards.find(isThis)
  const unknown = rewardId === '' || (beyond && alone.fault?.code === 'NOT_FOUND')
  useShareCard(
    reward
      ? { title: `${reward.title} · 一盏积分商城`, path: pathOfReward(rewardId) }
      : { title: '一盏积分商城，攒够就换', path: '/tabs/mall/index' },
  )
  return (
    <Page onRefresh={read.reload}>
      {unknown ? (
        <Empty title="这件商品不在货架上" sub="可能已经下架，看看别的" action="去商城" onAction={() => toTab('mall')} />
      ) : (
        <States read={read} skeleton={<Coming />}>
          {(mall) => reward && <Whole mall={mall} reward={reward} onJoin={() => setJoining(true)} />}
        </States>
      )}
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </Page>
  )
}

const Coming = () => (
  <View {...aria({ role: 'img', label: '正在打开' })}>
    <View className="hy-sk rw-sk-stage" />
    <View className="hy-sk rw-sk-name" />
    <View className="hy-sk hy-sk--line" />
    <View className="hy-sk rw-sk-facts" />
  </View>
)

const Whole = ({ mall, reward, onJoin }: { mall: Mall; reward: Reward; onJoin: () => void }) => (
  <View>
    <View id="reward">
      <Front mall={mall} reward={reward} onJoin={onJoin} />
      <Price reward={reward} />
      <View className="hy-display hy-mt2">{reward.title}</View>
      <View className="hy-2 hy-mt1">{reward.subtitle}</View>
      <Tags reward={reward} />
      <Opening reward={reward} />
      <Facts reward={reward} />
    </View>
    <View className="hy-reach__room" />
    {/* alone in its View: a sheet that opens hands over nothing of the page */}
    <View>
      <Exchange mall={mall} reward={reward} onJoin={onJoin} />
    </View>
  </View>
)

const Price = ({ reward: { points, marketFen } }: { reward: Reward }) => (
  <View className="rw-price">
    <View className="hy-points">
      <Text className="hy-points__n">{countText(points)}</Text>
      <Text className="hy-points__u">积分</Text>
    </View>
    {marketFen !== null && <Text className="hy-caption hy-3 hy-num">{`门店价 ${yuanText(marketFen)}`}</Text>}
  </View>
)

function Tags({ reward }: { reward: Reward }) {
  const { tierGate, stockTotal, numbered, perPersonLimit } = reward
  const unit = unitOf(reward)
  const tags = [
    tierGate > 1 && `${tierName(tierGate)}会员起`,
    stockTotal !== null && `限量 ${countText(stockTotal)} ${unit}`,
    numbered && '每件有编号',
    perPersonLimit !== null && `每人 ${perPersonLimit} ${unit}`,
  ].filter((tag): tag is string => typeof tag === 'string')
  if (tags.length === 0) return null
  return (
    <View className="rw-tags">
      {tags.map((tag) => (
        <Tag key={tag} kind="brand">
          {tag}
        </Tag>
      ))}
    </View>
  )
}
