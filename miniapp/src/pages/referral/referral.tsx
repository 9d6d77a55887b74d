import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useShareCard } from '../../lib/share'
import { Section } from '../../ui/blocks'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { Friends } from './friends'
import { Headline } from './headline'
import './referral.css'
import { SendDock } from './send-dock'
import { Totals } from './totals'

export type Mine = RouterOutputs['referral']['mine']

/** Friends one has asked to tea: on what the thanks depend, and how far each of them has come. */
export default function ReferralPage() {
  const read = useRead(['referral'], () => api.referral.mine.query(), { keepAs: 'referral' })
  useShareCard({ title: read.data?.campaign?.words || '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
  return (
    <Page onRefresh={read.reload}>
      <View className="rf-body">
        <States read={read} skeleton={<Coming />}>
          {(mine) => (
            <>
              <Headline campaign={mine.campaign} />
              <Totals totals={mine.totals} />
              <Section title="我的朋友" more="怎么算" onMore={() => go('/pages/referral/rules')} />
              <Friends mine={mine} />
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
