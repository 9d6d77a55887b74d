import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { refresh } from '../../lib/query'
import { Appeal, Asked, Said } from '../../ui/appeal'
import { Sheet } from '../../ui/sheet'
import { Track } from '../../ui/track'
import { stepsOf } from './friend-steps'
import type { Friend } from './friends'
import { StateTag } from './state-tag'

const OUTCOME = { granted: '再看之后：算的', declined: '再看之后：还是不算' }

/** One friend step by step: what was looked at and why, what was answered, and the way to ask once more. */
export const FriendSheet = ({ friend, onClose }: { friend: Friend | null; onClose: () => void }) => (
  <View>
    <Sheet open={friend !== null} onClose={onClose} title={friend?.nameMasked ?? ''}>
      {friend && <Whole friend={friend} />}
    </Sheet>
  </View>
)

function Whole({ friend }: { friend: Friend }) {
  const { referralId, state, doubts, answer, appeal, mayAppealUntil } = friend
  const send = async (words: string, requestId: string) => {
    await api.referral.appeal.mutate({ requestId, referralId, words })
    await refresh('referral')
  }
  return (
    <View id="friend">
      <View className="rf-state">
        <StateTag of={friend} />
      </View>
      <Track id="friend-track" steps={stepsOf(friend, new Date())} />
      {state === 'review' && doubts.length > 0 && (
        <View id="friend-doubts" className="rf-why">
          <View className="hy-caption hy-2">为什么要核对</View>
          {doubts.map((words) => (
            <View key={words} className="rf-why__one">
              {words}
            </View>
          ))}
        </View>
      )}
      {answer && <Said title="同事的回复" words={answer} />}
      {appeal && <Asked {...appeal} outcome={OUTCOME} />}
      {mayAppealUntil && <Appeal until={mayAppealUntil} placeholder="比如：你们怎么认识，那天怎么来的" send={send} />}
    </View>
  )
}
