/**
 * Bringing a friend along (以老带新). One level only, a fixed reward, and only for what the friend really does: a first
 * purchase that is kept. Sharing, looking and scanning earn nothing; the rules that people read come from the same data.
 */
import { countText, yuanText } from './money'
import type { Policy } from './policy'
import { businessDaysAfter, dayWords } from './time'

/** joined → held → released | refused; void: it turned out not to be a referral at all. */
export type ReferralState = 'joined' | 'held' | 'released' | 'refused' | 'void'

export type ReferralReason =
  | 'not_new'
  | 'self'
  | 'same_person'
  | 'other_inviter'
  | 'cap'
  | 'budget'
  | 'stopped'
  | 'over'
  | 'purchase_returned'
  | 'left'

export interface ReferralCampaign {
  title: string
  rewardPoints: number
  minOrderFen: number
  /** Whole days that the friend's first purchase is kept before the reward is paid. */
  holdDays: number
  perInviterCap: number
  budgetPoints: number
  /** Promised or paid. */
  spentPoints: number
  startsAt: Date
  endsAt: Date | null
  stoppedAt: Date | null
}

/** Whether friends who join now count. */
export const campaignRuns = ({ startsAt, endsAt, stoppedAt }: ReferralCampaign, now: Date): boolean =>
  startsAt <= now && (endsAt === null || now < endsAt) && (stoppedAt === null || now < stoppedAt)

/** How many more friends of an inviter the campaign can thank for, by the cap and by what is left of the budget. */
export const leftForInviter = (campaign: ReferralCampaign, taken: number): number =>
  Math.max(
    0,
    Math.min(
      campaign.perInviterCap - taken,
      Math.floor((campaign.budgetPoints - campaign.spentPoints) / campaign.rewardPoints),
    ),
  )

/** When the reward of a first purchase at `at` is paid: the morning after the last whole day of keeping it. */
export const referralReleaseAt = (at: Date, holdDays: number): Date => businessDaysAfter(at, holdDays + 1)

/** What a scene of a mini-program code carries: the inviter's link and nothing else. */
export const sceneOf = (code: string): string => `l=${code}`

export interface ReferralFacts {
  state: ReferralState
  reason: ReferralReason | null
  releaseAt: Date | null
  settledAt: Date | null
}

/** How it stands with one friend, in the words of the one who brought them, or of the friend. */
export function referralWords(facts: ReferralFacts, reader: 'inviter' | 'friend', now: Date): string {
  const { state, reason, releaseAt, settledAt } = facts
  const day = (at: Date | null) => (at ? dayWords(at, now) : '')
  const mine = reader === 'inviter'
  switch (state) {
    case 'joined':
      return mine ? '还没有下第一单' : '喝到第一盏以后，对方会收到一份谢礼'
    case 'held':
      return mine
        ? `已下首单，${day(releaseAt)}过退款期后到账`
        : `你已下首单，${day(releaseAt)}过退款期后，对方会收到一份谢礼`
    case 'released':
      return mine ? `首单已过退款期，${day(settledAt)}到账` : `谢礼已在 ${day(settledAt)}送到对方那里`
    default:
      return reason ? WHY[reason][mine ? 0 : 1] : '这一次不算'
  }
}

/** Why there is no reward: [for the inviter, for the friend] */
const WHY: Record<ReferralReason, [string, string]> = {
  not_new: ['这个手机号之前就是会员，不算新朋友', '你之前就是会员，这一次不算新朋友'],
  self: ['自己请自己，不算', '自己请自己，不算'],
  same_person: ['两张会员卡是同一个人，不算新朋友', '两张会员卡都是你，这一次不算'],
  other_inviter: ['这位朋友更早由别人请来', '你更早由另一位朋友请来'],
  cap: ['你的名额已经满了，这一位没有奖励', '对方的名额已经满了，你的权益不受影响'],
  budget: ['这一期的奖励已经发完', '这一期的奖励已经发完，你的权益不受影响'],
  stopped: ['朋友下首单时，活动已经停止', '你下首单时，活动已经停止'],
  over: ['朋友下首单时，活动已经结束', '你下首单时，活动已经结束'],
  purchase_returned: ['首单退了款，奖励一并收回', '首单退了款，对方的奖励一并收回'],
  left: ['这位朋友已经注销会员', '请你来的朋友已经不是会员，你的权益不受影响'],
}

const shortYuan = (fen: number) => (fen % 100 === 0 ? `¥${countText(fen / 100)}` : yuanText(fen))

/** The rules of a campaign in full, made of what it really does. */
export function rulesOf(campaign: ReferralCampaign, policy: Pick<Policy, 'newAfterDays'>, now: Date): string[] {
  const { rewardPoints, minOrderFen, holdDays, perInviterCap, budgetPoints, startsAt, endsAt, stoppedAt } = campaign
  const order = minOrderFen > 1 ? `第一笔满 ${shortYuan(minOrderFen)} 的消费` : '第一笔消费'
  const last = endsAt ? new Date(endsAt.getTime() - 1) : null
  return [
    `算的是你直接请来的新朋友：通过你的链接或海报第一次入会，之前 ${policy.newAfterDays} 天没有消费过。朋友再请来的人，不算在你这里。`,
    `朋友的${order}留满 ${holdDays} 天、没有退款，你会收到 ${countText(rewardPoints)} 积分。朋友不用为此多付钱。`,
    `每位朋友固定 ${countText(rewardPoints)} 积分，不抽奖，也不会越多越高。`,
    `每人最多因 ${countText(perInviterCap)} 位朋友收到奖励；这一期一共准备了 ${countText(budgetPoints)} 积分，发完为止。`,
    '转发、打开和扫码本身没有奖励，也不影响你的任何权益。',
    '首单退款的，还没到账的奖励取消，已到账的收回。',
    '合并会员卡后发现是同一个人，或者之前就来过，这一份不算。',
    `${dayWords(startsAt, now)}开始，${last ? `${dayWords(last, now)}结束` : '结束的日子会提前写在这里'}；朋友的首单要在活动期间。`,
    ...(stoppedAt && stoppedAt <= now ? [`活动已于 ${dayWords(stoppedAt, now)}停止，已在等待期的奖励照常到账。`] : []),
  ]
}
