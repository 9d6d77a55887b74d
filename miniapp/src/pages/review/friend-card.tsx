import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { Said } from '../../ui/appeal'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import type { CardWish } from './case-list'
import type { ReferralCase } from './use-queues'
import { moment, whoOf } from './words'

/** Who brought whom, what speaks against it, and since when it waits. */
export const FriendCard = ({ one: friend, onOpen }: CardWish<ReferralCase>) => {
  const { inviter, points, doubts, appeal, heldAt, joinedAt } = friend
  return (
    <View className="rv-card">
      <View className="hy-row hy-between">
        <View className="hy-grow hy-num">
          <View className="hy-bold">{whoOf(inviter)}</View>
          <View className="hy-2">{`请来 ${whoOf(friend.friend)}`}</View>
        </View>
        <View className="rv-points">{points > 0 ? `+${countText(points)}` : ''}</View>
      </View>
      <View className="rv-tags">
        {doubts.map(({ doubt, words }) => (
          <Tag key={doubt} kind="accent">
            {words}
          </Tag>
        ))}
      </View>
      {appeal && <Said title={`${moment(appeal.askedAt)}，邀请人申诉`} words={appeal.words} mine />}
      <View className="rv-foot">
        <View className="hy-caption hy-3 hy-num">{heldAt ? `${moment(heldAt)} 起等` : `${moment(joinedAt)} 入会`}</View>
        <Button
          id={`friend-${friend.friend.memberNo.slice(-4)}`}
          kind="secondary"
          small
          label={`处理 ${whoOf(inviter)} 请来 ${whoOf(friend.friend)}`}
          onTap={() => onOpen(friend)}
        >
          处理
        </Button>
      </View>
    </View>
  )
}
