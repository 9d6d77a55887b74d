import { View } from '@tarojs/components'
import { useReachBottom } from '@tarojs/taro'
import { useState } from 'react'
import { refresh } from '../../lib/query'
import { Section } from '../../ui/blocks'
import { OperatorPage } from '../../ui/operator-page'
import { Views } from '../../ui/views'
import { CaseList } from './case-list'
import { FriendCard } from './friend-card'
import { PaperCard } from './paper-card'
import { ReferralDecide } from './referral-decide'
import './review.css'
import { SubmissionDecide } from './submission-decide'
import { QUEUES, type ReferralCase, type SubmissionCase, useReferrals, useSubmissions } from './use-queues'

type Shown = 'referral' | 'material' | 'appeal'

const VIEWS = [
  { view: 'referral', name: '推荐' },
  { view: 'material', name: '材料' },
  { view: 'appeal', name: '申诉' },
] as const

/** What waits for a person, for operators: rewards for friends, what members handed in, and appeals against either. */
export default function ReviewPage() {
  return (
    <OperatorPage
      title="审核"
      signInWords="登录后，总部运营可以在这里核对推荐和材料"
      className="rv-page"
      onRefresh={() => refresh(...QUEUES)}
    >
      {() => <Queues />}
    </OperatorPage>
  )
}

function Queues() {
  const [view, setView] = useState<Shown>('referral')
  const [friend, setFriend] = useState<ReferralCase | null>(null)
  const [paper, setPaper] = useState<SubmissionCase | null>(null)
  const friends = useReferrals('review', view === 'referral')
  const papers = useSubmissions('waiting', view === 'material')
  const friendAppeals = useReferrals('appeal', view === 'appeal')
  const paperAppeals = useSubmissions('appeal', view === 'appeal')
  useReachBottom(() => {
    if (view === 'referral') void friends.more()
    if (view === 'material') void papers.more()
  })
  return (
    <View id="review">
      <Views views={VIEWS} on={view} onChange={setView} />
      <View className="rv-view">
        {view === 'referral' && (
          <View className="rv-wide">
            <CaseList
              queue={friends}
              Card={FriendCard}
              onOpen={setFriend}
              none="有疑点的推荐奖励会先停在这里，等人看过再发"
            />
          </View>
        )}
        {view === 'material' && (
          <View className="rv-wide">
            <CaseList
              queue={papers}
              Card={PaperCard}
              onOpen={setPaper}
              none="会员为特色义务交来的照片和文字会排在这里"
            />
          </View>
        )}
        {view === 'appeal' && (
          <View className="hy-cols">
            <View id="appeals-referral" className="hy-col">
              <Section title="推荐奖励" />
              <CaseList queue={friendAppeals} Card={FriendCard} onOpen={setFriend} none="没有人对推荐奖励有异议" />
            </View>
            <View id="appeals-material" className="hy-col">
              <Section title="交来的材料" />
              <CaseList queue={paperAppeals} Card={PaperCard} onOpen={setPaper} none="没有人对材料的结果有异议" />
            </View>
          </View>
        )}
      </View>
      <View>
        {friend && <ReferralDecide key={friend.caseRef} friend={friend} onClose={() => setFriend(null)} />}
        {paper && <SubmissionDecide key={paper.caseRef} paper={paper} onClose={() => setPaper(null)} />}
      </View>
    </View>
  )
}
