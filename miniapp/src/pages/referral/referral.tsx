import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { useShareCard } from '../../lib/share'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { Views } from '../../ui/views'
import { Friends } from './friends'
import { Headline } from './headline'
import './referral.css'
import { Rules } from './rules'
import { SendDock } from './send-dock'
import { Totals } from './totals'

export type Mine = RouterOutputs['referral']['mine']

const VIEWS = [
  { view: 'friends', name: '我的朋友' },
  { view: 'rules', name: '奖励规则' },
] as const

/** Friends one has asked to tea: on what the reward depends, and how far each of them has come. */
export default function ReferralPage() {
  const read = useRead(['referral'], () => api.referral.mine.query(), { keepAs: 'referral' })
  useShareCard({ title: '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
  return (
    <Page onRefresh={read.reload}>
      <View className="rf-body">
        <States read={read} skeleton={<Coming />}>
          {(mine) => (
            <>
              <Headline campaign={mine.campaign} />
              <Totals totals={mine.totals} />
              <FriendsAndRules mine={mine} />
            </>
          )}
        </States>
      </View>
      {read.data && <SendDock sharePath={read.data.sharePath} />}
    </Page>
  )
}

const Coming = () => (
  <View>
    <View className="hy-sk rf-sk" />
    <Skeleton rows={4} />
  </View>
)

/** The friends and the rules side by side: who looks for one finds the other. */
function FriendsAndRules({ mine }: { mine: Mine }) {
  const [view, setView] = useState<(typeof VIEWS)[number]['view']>('friends')
  return (
    <View>
      <View className="rf-views">
        <Views views={VIEWS} on={view} onChange={setView} />
      </View>
      {view === 'rules' ? <Rules campaign={mine.campaign} /> : <Friends mine={mine} />}
    </View>
  )
}
