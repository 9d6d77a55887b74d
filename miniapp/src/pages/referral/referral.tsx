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
    <Page broad onRefresh={read.reload}>
      <View className="rf-body">
        <States read={read} skeleton={<Coming />}>
          {(mine) => (
            <View className="hy-cols rf-cols">
              <View className="hy-col">
                <Headline campaign={mine.campaign} />
                <Totals totals={mine.totals} />
              </View>
              <View className="hy-col">
                <Section title="我的朋友" more="怎么算" onMore={() => go('/pages/referral/rules')} />
                <Friends mine={mine} />
              </View>
            </View>
          )}
        </States>
      </View>
      {read.data && <SendDock sharePath={read.data.sharePath} />}
    </Page>
  )
}

const Coming = () => (
  <View className="hy-cols rf-cols">
    <View className="hy-col">
      <View className="hy-sk rf-sk" />
      <View className="hy-sk rf-sk rf-sk--totals" />
    </View>
    <View className="hy-col">
      <View className="hy-sk rf-sk rf-sk--title" />
      <Skeleton rows={5} />
    </View>
  </View>
)
