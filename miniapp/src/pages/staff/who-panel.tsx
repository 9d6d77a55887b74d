import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import { useNow } from '../../lib/clock'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { Points } from '../../ui/points'
import { tapProps } from '../../ui/tap'
import { TierMark } from '../../ui/tier-mark'
import { endTag, lifeWords } from './coupon-sheet'
import { Errands } from './errands'
import type { Phase, Visit } from './phase'
import { SayAloud } from './say-aloud'
import type { Counter } from './use-counter'

/** Who stands there, as far as a clerk may see, and what is worth saying. */
export function WhoPanel({ counter, phase }: { counter: Counter; phase: Exclude<Phase, { step: 'scan' }> }) {
  const { visit, since } = phase
  return (
    <View id="who" className="st-who">
      <GuestCard visit={visit} />
      {visit.maySpend ? <Errands counter={counter} visit={visit} /> : <SayAloud words={visit.sayAloud} />}
      {process.env.TARO_ENV === 'h5' && phase.step === 'ring' && <UsableCoupons counter={counter} />}
      <View className="st-who__last">
        {phase.step === 'ring' && (
          <View className="st-who__foot">
            <TimeLeft visit={visit} since={since} />
            <View id="other-member" className="st-link" {...tapProps(counter.next, '换一位')}>
              <Text className="st-link__in">换一位</Text>
            </View>
          </View>
        )}
      </View>
    </View>
  )
}

function GuestCard({ visit: { member, method } }: { visit: Visit }) {
  const known = [member.phoneMasked, member.memberNoLast4 === '****' ? null : `尾号 ${member.memberNoLast4}`]
  return (
    <View className={`hy-card hy-card--mini hy-tier-${member.tier}`}>
      <View className="hy-card__pattern" />
      <View className="hy-card__light" />
      <View className="hy-card__top">
        <View className="hy-grow">
          <View id="who-name" className="hy-display">
            {member.nameMasked}
          </View>
          <View className="hy-card__glaze hy-num">{known.filter(Boolean).join(' · ')}</View>
        </View>
        {method === 'code' ? <Tag kind="ok">已验会员码</Tag> : <Tag kind="accent">报号 · 只积分</Tag>}
      </View>
      <View className="hy-card__foot">
        <View className="hy-card__tier">
          <TierMark tier={member.tier} size="m" className="hy-card__mark" />
          <Text>{`${rungOf(member.tier, DEMO_POLICY).name}会员`}</Text>
        </View>
        <Points id="who-points" size="m" value={member.points} />
      </View>
    </View>
  )
}

const SHOWN_COUPONS = 3

/** On a wide screen: the coupons beside the receipt that tried them. A phone has them behind 换一种券. */
const UsableCoupons = ({ counter: { quote, ring, setOver } }: { counter: Counter }) => {
  const coupons = ring.cart ? ((quote.now ?? quote.last)?.coupons ?? []) : []
  if (coupons.length === 0) return null
  return (
    <View className="st-coupons">
      <Section
        title="现在能用的券"
        {...(coupons.length > 1 ? { more: '换一种', onMore: () => setOver('coupons') } : {})}
      />
      <Panel>
        {coupons.slice(0, SHOWN_COUPONS).map((coupon) => (
          <Cell
            key={coupon.couponId}
            icon="ticket"
            tone={coupon.refusal ? 'quiet' : 'accent'}
            title={coupon.title}
            sub={lifeWords(coupon)}
            end={endTag(coupon)}
          />
        ))}
      </Panel>
    </View>
  )
}

/** Counted from what the server granted, so that a till whose clock is wrong counts right. */
function TimeLeft({ visit, since }: { visit: Visit; since: number }) {
  const granted = new Date(visit.expiresAt).getTime() - new Date(visit.openedAt).getTime()
  const seconds = Math.max(0, Math.ceil((granted - (useNow(1_000) - since)) / 1_000))
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return (
    <View id="visit-left" className={`hy-row hy-num ${seconds < 60 ? 'st-late' : 'hy-2'}`}>
      <Icon name="clock" size="s" />
      <Text className="st-left">{seconds > 0 ? `${clock} 内收款` : '已超过 10 分钟，请重新扫码'}</Text>
    </View>
  )
}
