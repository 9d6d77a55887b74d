/** The rules of an obligation as its members read them, made from the same data that decides. */
import { countText, yuanText } from './money'
import { type CountedDeed, type ObligationKind, obligationRewardWords, type ProofKind } from './obligation'
import type { Period } from './obligation-period'
import type { Span, Wants } from './obligation-proof'
import { dayWords } from './time'

export interface ObligationTerms {
  kind: ObligationKind
  proof: ProofKind
  period: Period
  target: number
  cooldownHours: number
  storeName: string | null
  counts: CountedDeed | null
  countsFromFen: number
  wants: Wants | null
  /** From taking it up; null for as long as it runs. */
  dueDays: number | null
  mostTries: number
  /** The only article that counts, as the menu calls it. */
  articleTitle: string | null
  rewardPoints: number
  rewardCoupon: string | null
  honourName: string | null
  labelled: boolean
  /** Whose wearers it is for. */
  forHonourName: string | null
  /** ISO text */
  startsAt: string
  endsAt: string
  appealDays: number
}

const PERIODS: Record<Period, string> = {
  once: '每人一次',
  daily: '每天一次机会，当天有效',
  weekly: '每周一次机会，周一零点重新开始',
  monthly: '每月一次机会，一号零点重新开始',
}

/** `2026 年 11 月 1 日到 12 月 31 日`: the same whenever it is read. */
const daysWords = (first: Date, last: Date): string => `${dayWords(first, new Date(0))}到 ${dayWords(last, first)}`

/** Every sentence that a member should know before taking it up. */
export function obligationRules(duty: ObligationTerms): string[] {
  const reward = obligationRewardWords(duty.rewardPoints, duty.honourName, duty.rewardCoupon)
  return [
    duty.forHonourName && `只给「${duty.forHonourName}」`,
    `${daysWords(new Date(duty.startsAt), new Date(new Date(duty.endsAt).getTime() - 1))}，${PERIODS[duty.period]}`,
    duty.dueDays !== null && `领下以后 ${duty.dueDays} 天内做完`,
    ...proofWords(duty),
    duty.cooldownHours > 0 && `两次之间至少隔 ${duty.cooldownHours} 小时`,
    reward && `做完得 ${reward}，每次机会最多一份；积分发完为止`,
    ...afterWords(duty),
  ].filter((line): line is string => Boolean(line))
}

function proofWords(duty: ObligationTerms): string[] {
  const times = duty.target > 1 ? `，一共 ${duty.target} 次` : ''
  if (duty.proof === 'staff_scan') {
    const where = duty.storeName ? `到${duty.storeName}` : '到任意门店'
    return [`${where}出示会员码，店员扫码确认${times}；不到店不算`]
  }
  if (duty.proof === 'counted') return [`${COUNTED[duty.counts ?? 'order'](duty)}${times}，自动记上`]
  return [`提交${wantedWords(duty.wants ?? {}, duty.articleTitle)}${times}`]
}

const COUNTED: Record<CountedDeed, (duty: ObligationTerms) => string> = {
  friend_rewarded: () => '请来的朋友第一次消费、过了退款期才算；只是分享、点开或注册都不算',
  reader_acted: () => '读过你分享的文章的人，之后真的来消费或到店参加活动、过了退款期才算；分享和阅读本身都不算',
  order: ({ countsFromFen }) =>
    countsFromFen > 0 ? `自己消费满 ${yuanText(countsFromFen)} 算一次，退款不算` : '自己消费一笔算一次，退款不算',
}

const spanWords = ({ min, max }: Span, unit: string) =>
  min === max ? `${countText(min)} ${unit}` : `${countText(min)} 到 ${countText(max)} ${unit}`

/** `2 到 6 张照片、20 到 500 字、评分` */
export function wantedWords({ photos, text, link, rating, order }: Wants, articleTitle: string | null): string {
  return [
    order && (articleTitle ? `买过「${articleTitle}」的那一单` : '自己的一笔消费'),
    photos && `${spanWords(photos, '张')}照片`,
    text && spanWords(text, '字'),
    link && '一个公开的网页链接',
    rating && '评分',
  ]
    .filter(Boolean)
    .join('、')
}

function afterWords({ kind, proof, mostTries, labelled, appealDays }: ObligationTerms): (string | false)[] {
  if (proof !== 'handed_in') return [proof === 'counted' && '记上的消费退了，那一次就不算；不够数时奖励会收回']
  return [
    (kind === 'review' || kind === 'product_test') && '说好说坏都一样：打几颗星、夸还是批评，都不影响奖励',
    labelled && '公开展示时会标明「有奖评价」，名字只露一个字',
    `内容先过安全检查，再由人工审核；没通过会写明原因，最多提交 ${mostTries} 次，被安全检查拦下的不计次数`,
    `对结果有异议，${appealDays} 天内可以申诉一次，由另一位同事复核；只有一位同事时，由这位复核`,
  ]
}
