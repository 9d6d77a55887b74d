import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { useGrowing } from '../../lib/growing'
import { AllowMessage } from '../../ui/allow-message'
import { Panel } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Empty } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { FriendSheet } from './friend-sheet'
import type { Mine } from './referral'
import { StateTag } from './state-tag'

export type Friend = Mine['friends'][number]

/** As many as are read at a glance; the rest comes when asked for. */
const SHOWN = 8
const STEP = 4

/** Each friend with what became of the reward, and why; a tap tells it step by step. */
export function Friends({ mine }: { mine: Mine }) {
  const [openId, setOpenId] = useState<string | null>(null)
  const open = mine.friends.find(({ referralId }) => referralId === openId) ?? null
  return (
    <View>
      {/* in a View of its own: a sheet that opens must not hand the phone the whole list again */}
      <View>
        <List mine={mine} onOpen={setOpenId} />
      </View>
      <FriendSheet friend={open} onClose={() => setOpenId(null)} />
    </View>
  )
}

function List({ mine, onOpen }: { mine: Mine; onOpen: (referralId: string) => void }) {
  const { friends, campaign, invitedBy } = mine
  const { shown, more } = useGrowing(friends, STEP, SHOWN)
  const waiting = friends.some(({ state, past }) => state === 'held' || (state === 'joined' && !past))
  return (
    <View>
      {friends.length === 0 ? (
        <Empty title="还没有朋友来过" sub="把链接或海报发给一位爱喝茶的朋友" />
      ) : (
        <Panel>
          {shown.map((friend) => (
            <FriendRow key={friend.referralId} friend={friend} onOpen={() => onOpen(friend.referralId)} />
          ))}
        </Panel>
      )}
      {more && (
        <View className="hy-dock">
          <Button kind="ghost" small block onTap={more}>
            {`还有 ${friends.length - shown.length} 位`}
          </Button>
        </View>
      )}
      {campaign?.running && (
        <View className="hy-caption hy-3 rf-left">
          {campaign.leftForMe > 0
            ? `这一期还能为 ${campaign.leftForMe} 位朋友谢你。`
            : campaign.capReached
              ? `这一期的 ${campaign.perInviterCap} 个名额都用上了，谢谢你。朋友照样能来。`
              : '这一期的奖励已经发完了。朋友照样能来。'}
        </View>
      )}
      {waiting && <AllowMessage id="allow-reward" template="reward_released" title="谢礼到账告诉我" />}
      {invitedBy && (
        <View id="invited-by" className="hy-mt4">
          <Panel>
            <View className="hy-cell">
              <Face name={invitedBy.name} />
              <View className="hy-cell__main">
                <Text className="rf-name">{`${invitedBy.name} 请你来的`}</Text>
                <View className="hy-cell__sub">{invitedBy.words}</View>
              </View>
            </View>
          </Panel>
        </View>
      )}
    </View>
  )
}

const Face = ({ name }: { name: string }) => <View className="rf-face">{[...name][0]}</View>

const FriendRow = ({ friend, onOpen }: { friend: Friend; onOpen: () => void }) => {
  const { referralId, nameMasked, words } = friend
  return (
    <View
      id={`friend-${referralId}`}
      className="hy-cell hy-cell--tap"
      {...tapProps(onOpen, process.env.TARO_ENV === 'weapp' ? `${nameMasked}，${words}` : undefined)}
    >
      <Face name={nameMasked} />
      <View className="hy-cell__main">
        <View className="rf-row">
          <Text className="rf-name">{nameMasked}</Text>
          <StateTag of={friend} />
        </View>
        <View className="hy-cell__sub">{words}</View>
        {friend.mayAppealUntil && <View className="hy-caption rf-may">觉得不对？可以申诉</View>}
      </View>
      <Icon name="go" size="s" className="hy-cell__go" />
    </View>
  )
}
