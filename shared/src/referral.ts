/**
 * Bringing a friend along (以老带新). One level only, a fixed reward, and only for what the friend really does: a first
 * purchase that is kept. Sharing, looking and scanning earn nothing; the rules that people read come from the same data.
 */
import { countText, yuanText } from './money'
import type { Policy } from './policy'
import { businessDaysAfter, DAY_MS, dayWords } from './time'

/**
 * joined → held → released | refused. What speaks against a held one sends it to a person: held ↔ review → refused.
 * void: it turned out not to be a referral at all.
 */
export type ReferralState = 'joined' | 'held' | 'review' | 'released' | 'refused' | 'void'

/** What may speak against a reward and is looked at by a person; shared/src/risk.ts finds them. */
export const REFERRAL_DOUBTS = [
  'same_device',
  'same_payer',
  'same_network',
  'staff',
  'velocity',
  'risk_rank',
  'same_person',
] as const
export type ReferralDoubt = (typeof REFERRAL_DOUBTS)[number]

export type ReferralReason =
  | 'not_new'
  | 'window_over'
  | 'self'
  | 'other_inviter'
  | 'cap'
  | 'budget'
  | 'stopped'
  | 'over'
  | 'purchase_returned'
  | 'left'
  | ReferralDoubt

export interface ReferralCampaign {
  title: string
  /** What the poster and the card that is sent say. */
  words: string
  rewardPoints: number
  minOrderFen: number
  /** What of the friend is thanked for: a first purchase alone, or coming to an activity as well. */
  qualifies: 'order' | 'order_or_activity'
  /** Whoever joins later than so many days after opening the link is nobody's friend. */
  windowDays: number
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
export const campaignRuns = (
  { startsAt, endsAt, stoppedAt }: Pick<ReferralCampaign, 'startsAt' | 'endsAt' | 'stoppedAt'>,
  now: Date,
): boolean => startsAt <= now && (endsAt === null || now < endsAt) && (stoppedAt === null || now < stoppedAt)

export type CampaignPast = 'stopped' | 'over'

/** Why a campaign promises nothing more; null while it runs or has not begun. */
export const campaignPast = (
  { endsAt, stoppedAt }: Pick<ReferralCampaign, 'endsAt' | 'stoppedAt'>,
  now: Date,
): CampaignPast | null =>
  stoppedAt !== null && stoppedAt <= now ? 'stopped' : endsAt !== null && endsAt <= now ? 'over' : null

/** How many more friends of an inviter the campaign can thank for, by the cap and by what is left of the budget. */
export const leftForInviter = (
  campaign: Pick<ReferralCampaign, 'perInviterCap' | 'budgetPoints' | 'spentPoints' | 'rewardPoints'>,
  taken: number,
): number =>
  Math.max(
    0,
    Math.min(
      campaign.perInviterCap - taken,
      Math.floor((campaign.budgetPoints - campaign.spentPoints) / campaign.rewardPoints),
    ),
  )

/** When the reward of a first purchase at `at` is paid: the morning after the last whole day of keeping it. */
export const referralReleaseAt = (at: Date, holdDays: number): Date => businessDaysAfter(at, holdDays + 1)

/** Whether somebody who joins now has come by a link opened then; a phone that does not say when came just now. */
export const inWindow = (openedAt: Date | null, joinedAt: Date, windowDays: number): boolean =>
  openedAt === null || joinedAt.getTime() - openedAt.getTime() < windowDays * DAY_MS

/** Until when an inviter may ask that a refusal be looked at again; null where a person's look would change nothing. */
export function appealUntil(
  { state, reason, settledAt }: Pick<ReferralFacts, 'state' | 'reason' | 'settledAt'>,
  appealDays: number,
): Date | null {
  const judged = state === 'refused' && REFERRAL_DOUBTS.some((doubt) => doubt === reason)
  return judged && settledAt ? new Date(settledAt.getTime() + appealDays * DAY_MS) : null
}

/** What a scene of a mini-program code carries: the inviter's link and nothing else. */
export const sceneOf = (code: string): string => `l=${code}`

export interface ReferralFacts {
  state: ReferralState
  reason: ReferralReason | null
  releaseAt: Date | null
  settledAt: Date | null
  /** It was for a visit to an activity that the friend was thanked for, not for a purchase. */
  byActivity?: boolean
  /** The campaign of one who has only joined: whether it is past, so that nothing comes of it, and what a first purchase must reach. */
  past?: CampaignPast | null
  minOrderFen?: number
}

/** How it stands with one friend, in the words of the one who brought them, or of the friend. */
export function referralWords(facts: ReferralFacts, reader: 'inviter' | 'friend', now: Date): string {
  const { state, reason, releaseAt, settledAt, byActivity = false, past = null, minOrderFen = 0 } = facts
  const day = (at: Date | null) => (at ? dayWords(at, now) : '')
  const mine = reader === 'inviter'
  const did = byActivity ? '来过活动' : '下首单'
  switch (state) {
    case 'joined':
      if (past)
        return `活动已经${past === 'stopped' ? '停止' : '结束'}，${mine ? '这一位没有奖励' : '你的权益不受影响'}`
      return mine
        ? `还没有下${minOrderFen > 1 ? `满 ${shortYuan(minOrderFen)} 的` : ''}第一单`
        : `喝到第一盏${minOrderFen > 1 ? `（满 ${shortYuan(minOrderFen)}）` : ''}以后，对方会收到一份谢礼`
    case 'held':
      if (releaseAt && releaseAt <= now)
        return mine ? `${byActivity ? '已来过活动' : '已过退款期'}，很快到账` : '对方很快会收到一份谢礼'
      if (byActivity)
        return mine ? `已来过活动，${day(releaseAt)}到账` : `你已来过活动，${day(releaseAt)}对方会收到一份谢礼`
      return mine
        ? `已下首单，${day(releaseAt)}过退款期后到账`
        : `你已下首单，${day(releaseAt)}过退款期后，对方会收到一份谢礼`
    case 'review':
      return mine ? `已${did}，正由同事核对，核对好照常到账` : `你已${did}，对方的谢礼正由同事核对`
    case 'released':
      if (byActivity) return mine ? `来过活动，${day(settledAt)}到账` : `谢礼已在 ${day(settledAt)}送到对方那里`
      return mine ? `首单已过退款期，${day(settledAt)}到账` : `谢礼已在 ${day(settledAt)}送到对方那里`
    default:
      return reason ? WHY[reason][mine ? 0 : 1] : '这一次不算'
  }
}

const NOT_TO_THEM = '这一份没有算给对方，你的权益不受影响'
/** Why there is no reward: [for the inviter, for the friend] */
const WHY: Record<ReferralReason, [string, string]> = {
  not_new: ['这个手机号之前就是会员，不算新朋友', '你之前就是会员，这一次不算新朋友'],
  window_over: ['打开链接太久才入会，这一次不算', '打开链接太久才入会，这一次没有算给对方'],
  self: ['自己请自己，不算', '自己请自己，不算'],
  same_person: ['两张会员卡是同一个人，不算新朋友', '两张会员卡都是你，这一次不算'],
  other_inviter: ['这位朋友更早由别人请来', '你更早由另一位朋友请来'],
  cap: ['你的名额已经满了，这一位没有奖励', '对方的名额已经满了，你的权益不受影响'],
  budget: ['这一期的奖励已经发完', '这一期的奖励已经发完，你的权益不受影响'],
  stopped: ['朋友下首单时，活动已经停止', '你下首单时，活动已经停止'],
  over: ['朋友下首单时，活动已经结束', '你下首单时，活动已经结束'],
  purchase_returned: ['首单退了款，奖励一并收回', '首单退了款，对方的奖励一并收回'],
  left: ['这位朋友已经注销会员', '请你来的朋友已经不是会员，你的权益不受影响'],
  same_device: ['没能确认是两位不同的朋友，这一份没有算', NOT_TO_THEM],
  same_payer: ['朋友的首单没能通过核对，这一份没有算', NOT_TO_THEM],
  same_network: ['没能确认是两位不同的朋友，这一份没有算', NOT_TO_THEM],
  staff: ['店里的同事不参加这个活动', NOT_TO_THEM],
  velocity: ['短时间里来得太多，这一份没有算', NOT_TO_THEM],
  risk_rank: ['这一份没能通过核对，没有算', NOT_TO_THEM],
}

const shortYuan = (fen: number) => (fen % 100 === 0 ? `¥${countText(fen / 100)}` : yuanText(fen))

/** The rules of a campaign in full, made of what it really does. */
export function rulesOf(
  campaign: ReferralCampaign,
  policy: Pick<Policy, 'newAfterDays' | 'appealDays'>,
  now: Date,
): string[] {
  const { rewardPoints, minOrderFen, holdDays, perInviterCap, budgetPoints, startsAt, endsAt, stoppedAt } = campaign
  const order = minOrderFen > 1 ? `第一笔满 ${shortYuan(minOrderFen)} 的消费` : '第一笔消费'
  const activity = campaign.qualifies === 'order_or_activity'
  const last = endsAt ? new Date(endsAt.getTime() - 1) : null
  return [
    `算的是你直接请来的新朋友：打开你的链接或海报后 ${campaign.windowDays} 天内第一次入会，之前 ${policy.newAfterDays} 天没有消费过。朋友再请来的人，不算在你这里。`,
    `朋友的${order}留满 ${holdDays} 天、没有退款，你会收到 ${countText(rewardPoints)} 积分。朋友不用为此多付钱。`,
    ...(activity ? [`朋友没有消费、但来参加了店里的活动，也算：过 ${holdDays} 天到账。`] : []),
    `每位朋友固定 ${countText(rewardPoints)} 积分，不抽奖，也不会越多越高。`,
    `每人最多因 ${countText(perInviterCap)} 位朋友收到奖励；这一期一共准备了 ${countText(budgetPoints)} 积分，发完为止。`,
    '转发、打开和扫码本身没有奖励，也不影响你的任何权益。',
    '首单退款的，还没到账的奖励取消，已到账的收回。',
    '合并会员卡后发现是同一个人，或者之前就来过，这一份不算。',
    `同一部手机、同一个付款账户、短时间来得太多这样的情况，会先由同事核对：家人朋友常常如此，核对好照常到账。没有算的，你可以在 ${policy.appealDays} 天内申诉一次，由另一位同事再看；只有一位同事时，由这位再看。`,
    `${dayWords(startsAt, now)}开始，${last ? `${dayWords(last, now)}结束` : '结束的日子会提前写在这里'}；朋友的首单要在活动期间。`,
    ...(stoppedAt && stoppedAt <= now ? [`活动已于 ${dayWords(stoppedAt, now)}停止，已在等待期的奖励照常到账。`] : []),
  ]
}
