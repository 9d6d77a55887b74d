import type { CampaignState } from '@huiyuan/shared/campaign'
import { FORBIDDEN_TRIGGERS, type ForbiddenTrigger, type LegalTrigger } from '@huiyuan/shared/compliance'
import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import type { Kind } from './draft'

/** What an operator might wish for besides: each breaks a rule, and the form says which. */
export type Extra = 'levels' | 'team' | 'random' | 'growing' | 'cash' | 'fee' | 'locks' | 'praise'

export const STATE: Record<CampaignState, { name: string; kind?: 'ok' | 'bad' | 'accent' }> = {
  soon: { name: '还没开始', kind: 'accent' },
  running: { name: '进行中', kind: 'ok' },
  over: { name: '已结束' },
  stopped: { name: '已停止', kind: 'bad' },
}

export const KINDS: Record<Kind, string> = {
  spread_news: '传播资讯',
  invite: '请朋友',
  review: '评价',
  themed_activity: '主题活动',
  check_in: '打卡',
  ambassador_duty: '代言人义务',
  product_test: '产品测试',
}

const LEGAL: Record<LegalTrigger, string> = {
  first_order: '朋友的首单',
  order_or_activity: '朋友的首单或到场',
  order: '自己的消费',
  attend: '到场',
  check_in: '到店打卡',
  handed_in: '交照片或文字',
  review: '真实的评价',
  reader_acted: '读者入会消费或到场',
}

const FORBIDDEN: Record<ForbiddenTrigger, string> = {
  share: '转发给朋友',
  share_group: '转发到群',
  moments_post: '发朋友圈',
  link_visit: '打开链接',
  scan: '扫海报',
  follow: '关注公众号',
  contacts: '留朋友的手机号',
  join: '拉人入会',
  positive_review: '好评',
  vote: '投票',
  like: '点赞',
}

export const triggerName = (trigger: LegalTrigger | ForbiddenTrigger): string =>
  trigger in FORBIDDEN ? FORBIDDEN[trigger as ForbiddenTrigger] : LEGAL[trigger as LegalTrigger]

export const FORBIDDEN_LIST = Object.keys(FORBIDDEN_TRIGGERS) as ForbiddenTrigger[]

/** What an obligation of each kind can thank for. */
export const TRIGGERS: Record<Kind | 'friends', LegalTrigger[]> = {
  friends: ['first_order', 'order_or_activity'],
  spread_news: ['reader_acted'],
  invite: ['first_order'],
  review: ['review'],
  themed_activity: ['attend', 'handed_in'],
  check_in: ['check_in', 'order'],
  ambassador_duty: ['order', 'attend', 'handed_in', 'reader_acted', 'first_order'],
  product_test: ['handed_in'],
}

export const EXTRAS: Record<Extra, { name: string; field: string }> = {
  levels: { name: '朋友的朋友也算', field: 'levels' },
  team: { name: '按团队业绩', field: 'teamPay' },
  random: { name: '随机多少', field: 'reward.random' },
  growing: { name: '越多越高', field: 'reward.growing' },
  cash: { name: '给现金', field: 'reward.cashFen' },
  fee: { name: '先交钱', field: 'entryFeeFen' },
  locks: { name: '先分享再用', field: 'locksFeature' },
  praise: { name: '只收好评', field: 'ratingFrom' },
}

export const PERIODS = { once: '一次', daily: '每天', weekly: '每周', monthly: '每月' } as const

const FIGURES: Record<string, string> = {
  joined: '已入会',
  held: '等待期',
  review: '核对中',
  released: '已发放',
  refused: '没有发',
  void: '不算',
  accepted: '已接下',
  in_progress: '进行中',
  submitted: '待审核',
  rejected: '没通过',
  approved: '做完，没发积分',
  rewarded: '已回谢',
  lapsed: '已过期',
  clawed_back: '已收回',
}

/** `已入会 12`, `等待期 3`: what has become of it, without what is none. What was taken up and is `over` is past. */
export function figureWords(figures: Record<string, number>, over = false): string[] {
  const { accepted = 0, in_progress = 0, lapsed = 0 } = figures
  const told = over ? { ...figures, accepted: 0, in_progress: 0, lapsed: lapsed + accepted + in_progress } : figures
  return Object.entries(FIGURES).flatMap(([state, name]) => {
    const count = (told as Record<string, number>)[state]
    return count ? [`${name}\u00a0${countText(count)}`] : []
  })
}

/** `11 月 22 日 – 12 月 31 日`, the last day included; `11 月 22 日起` without one. */
export function windowWords(startsAt: string, endsAt: string | null, now: Date): string {
  const from = dayWords(new Date(startsAt), now)
  return endsAt ? `${from} – ${dayWords(new Date(Date.parse(endsAt) - 1), now)}` : `${from}起`
}

/** The names of a definition's fields, for those who read what was changed. */
const FIELDS: Record<string, string> = {
  title: '名字',
  words: '说明',
  rewardPoints: '积分',
  minOrderFen: '首单门槛',
  holdDays: '等待天数',
  windowDays: '链接有效天数',
  perInviterCap: '每人上限',
  budgetPoints: '预算',
  qualifies: '谢什么',
  startsAt: '开始',
  endsAt: '结束',
  mark: '图案',
  target: '次数',
  period: '周期',
  cooldownHours: '间隔',
  storeId: '门店',
  tierGate: '等级',
  honourId: '荣誉',
  rewardCoupon: '券',
  wants: '要交的',
  labelled: '标明有奖',
  position: '排序',
}

export const fieldName = (field: string): string => FIELDS[field] ?? '其他设置'

/** A value of a change, short: days instead of instants, yuan instead of fen. */
export function valueText(field: string, value: string | null, now: Date): string {
  if (value === null || value === '') return '无'
  if (/At$/.test(field)) {
    const at = new Date(field === 'endsAt' ? Date.parse(value) - 1 : value)
    return dayWords(at, now)
  }
  if (/Fen$/.test(field)) return `${Number(value) / 100} 元`
  if (/Points$/.test(field)) return countText(Number(value))
  if (field === 'qualifies') return value === 'order' ? LEGAL.first_order : LEGAL.order_or_activity
  if (value.startsWith('{')) return '有改动'
  return value === 'true' ? '是' : value === 'false' ? '否' : value
}
