import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { AllowMessage } from '../../ui/allow-message'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Empty } from '../../ui/states'
import type { Mine } from './referral'

type Friend = Mine['friends'][number]

/** As many as are read at a glance; the rest comes when asked for. */
const SHOWN = 8

/** Each friend with what became of the reward, and why. */
export function Friends({ mine }: { mine: Mine }) {
  const [shown, setShown] = useState(SHOWN)
  const { friends, campaign, invitedBy } = mine
  const more = friends.length > shown
  const waiting = friends.some(({ state }) => state === 'held' || state === 'joined')
  return (
    <View>
      {friends.length === 0 ? (
        <Empty title="还没有朋友来过" sub="把链接或海报发给一位爱喝茶的朋友" />
      ) : (
        <Panel>
          {friends.slice(0, shown).map((friend) => (
            <FriendRow
              key={friend.referralId}
              name={friend.nameMasked}
              words={friend.words}
              tag={<State of={friend} />}
            />
          ))}
        </Panel>
      )}
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" small block onTap={() => setShown((count) => count + SHOWN)}>
            {`还有 ${friends.length - shown} 位`}
          </Button>
        </View>
      )}
      {campaign?.running && (
        <View className="hy-caption hy-3 rf-left">
          {campaign.leftForMe > 0
            ? `你还可以得到 ${campaign.leftForMe} 位朋友的奖励。`
            : `${campaign.perInviterCap} 位朋友的奖励都得到了，谢谢你。朋友照样能来。`}
        </View>
      )}
      {waiting && <AllowMessage id="allow-reward" template="reward_released" title="奖励到账告诉我" />}
      {invitedBy && (
        <View id="invited-by" className="hy-mt4">
          <Panel>
            <FriendRow name={invitedBy.name} title={`${invitedBy.name} 请你来的`} words={invitedBy.words} />
          </Panel>
        </View>
      )}
    </View>
  )
}

const FriendRow = ({
  name,
  title = name,
  words,
  tag,
}: {
  name: string
  title?: string
  words: string
  tag?: React.ReactNode
}) => (
  <View className="hy-cell">
    <View className="rf-face">{[...name][0]}</View>
    <View className="hy-cell__main">
      <View className="rf-row">
        <Text className="rf-name">{title}</Text>
        {tag}
      </View>
      <View className="hy-cell__sub">{words}</View>
    </View>
  </View>
)

function State({ of: { state, reason, points } }: { of: Friend }) {
  if (state === 'released') return <Tag kind="ok">{`+${countText(points)} 积分`}</Tag>
  if (state === 'held') return <Tag kind="accent">待确认</Tag>
  if (state === 'joined') return <Tag kind="brand">等第一盏</Tag>
  return reason === 'purchase_returned' ? <Tag kind="bad">已收回</Tag> : <Tag>无奖励</Tag>
}
