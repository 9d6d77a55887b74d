import { countText, yuanText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import './referral.css'

type Shown = NonNullable<RouterOutputs['referral']['rules']>

/** What the thanks for a friend depend on, for whoever wants to know before anything is sent: members and guests alike. */
export default function ReferralRulesPage() {
  const { state } = useSession()
  const read = useRead(['referral-rules'], () => api.referral.rules.query(), {
    keepAs: 'referral-rules',
    enabled: state !== 'starting',
  })
  useShareCard({ title: '请朋友喝茶，怎么算', path: '/pages/referral/rules' })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={6} />}>
        {(shown) =>
          shown ? (
            <Whole shown={shown} member={state === 'member'} />
          ) : (
            <Empty title="现在没有这样的活动" sub="有新的一期时，规则会写在这里" />
          )
        }
      </States>
    </Page>
  )
}

function Whole({ shown, member }: { shown: Shown; member: boolean }) {
  const { title, words, rewardPoints, minOrderFen, holdDays, perInviterCap, endsAt, running } = shown
  const order =
    minOrderFen > 1
      ? { n: yuanText(minOrderFen).replace('.00', ''), words: '首单满额' }
      : { n: '1 笔', words: '朋友首单' }
  return (
    <View id="referral-rules">
      <View className="hy-top">
        <View className="hy-display">{title}</View>
        <View className="rf-when">
          {running ? <Tag kind="ok">进行中</Tag> : <Tag>已结束</Tag>}
          {endsAt && <Text className="hy-caption hy-3">{`到 ${dayWords(new Date(endsAt), new Date())}`}</Text>}
        </View>
      </View>
      <View className="hy-panel rf-facts">
        <Fact {...order} />
        <Fact n={`${holdDays} 天`} words="没有退款" />
        <Fact n={countText(rewardPoints)} words="积分谢你" thanks />
        <Fact n={`${countText(perInviterCap)} 位`} words="每人最多" />
      </View>
      <View id="rules" className="hy-mt4">
        <Panel pad>
          {words.map((rule, index) => (
            <View key={rule} className="rf-rule">
              <View className="rf-rule__n">{index + 1}</View>
              <Text className="hy-grow">{rule}</Text>
            </View>
          ))}
        </Panel>
      </View>
      <View className="hy-dock">
        {member ? (
          <Button id="referral-open" kind="secondary" block onTap={() => go('/pages/referral/referral')}>
            看看我的朋友
          </Button>
        ) : (
          <Button id="rules-join" kind="secondary" block onTap={() => toTab('home')}>
            入会后就能请朋友
          </Button>
        )}
      </View>
    </View>
  )
}

const Fact = ({ n, words, thanks }: { n: string; words: string; thanks?: boolean }) => (
  <View className={`rf-fact${thanks ? ' rf-fact--thanks' : ''}`}>
    <View className="rf-total__n">{n}</View>
    <View className="hy-caption hy-3">{words}</View>
  </View>
)
