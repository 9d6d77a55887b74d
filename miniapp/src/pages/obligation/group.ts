import { countText } from '@huiyuan/shared/money'
import { obligationRewardWords } from '@huiyuan/shared/obligation'
import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import type { Obligation } from './obligations'

/** What is being done, what may be taken up, what is over. */
export type Group = 'doing' | 'open' | 'done'

const DOING: readonly Obligation['state'][] = ['accepted', 'in_progress', 'submitted']

/** A hand-in that came back is under way as long as something can be done about it. */
export function groupOf(one: Pick<Obligation, 'state' | 'handInRefusal' | 'submission'>): Group {
  const { state, handInRefusal, submission } = one
  if (DOING.includes(state)) return 'doing'
  if (state === 'rejected')
    return !handInRefusal || submission?.mayAppealUntil || submission?.appeal?.state === 'asked' ? 'doing' : 'done'
  return state === 'open' ? 'open' : 'done'
}

/** Where the page begins: with what is under way, else with what there is. */
export const startGroup = (all: Parameters<typeof groupOf>[0][]): Group =>
  (['doing', 'open', 'done'] as const).find((group) => all.some((one) => groupOf(one) === group)) ?? 'open'

export const KIND_WORDS: Record<Obligation['kind'], string> = {
  spread_news: '分享新鲜事',
  invite: '请朋友来',
  review: '真心评价',
  themed_activity: '主题活动',
  check_in: '到店小事',
  ambassador_duty: '代言人的事',
  product_test: '新品试喝',
}

const PERIOD_WORDS: Record<Obligation['period'], string> = {
  once: '',
  daily: '每天一次',
  weekly: '每周一次',
  monthly: '每月一次',
}

/** `到店小事`, `代言人的事 · 每月一次`. */
export const sortWords = ({ kind, period }: Pick<Obligation, 'kind' | 'period'>): string =>
  [KIND_WORDS[kind], PERIOD_WORDS[period]].filter(Boolean).join(' · ')

type How = Pick<Obligation, 'proof' | 'counts' | 'storeName'>

const UNITS: Record<NonNullable<Obligation['counts']>, string> = {
  friend_rewarded: '位',
  reader_acted: '位',
  order: '单',
}

/** What it is counted in: times, people, purchases. */
export const unitOf = ({ counts }: Pick<Obligation, 'counts'>): string => (counts ? UNITS[counts] : '次')

/** How a step of it comes to count. */
export function proofWords({ proof, counts, storeName }: How): string {
  if (proof === 'handed_in') return '写好交上来，同事看过就算'
  if (proof === 'staff_scan') return storeName ? `到${storeName}，店员扫码确认` : '店员扫码确认'
  if (counts === 'friend_rewarded') return '朋友的首单过了退款期，自动记上'
  if (counts === 'reader_acted') return '读的人来喝一盏或来参加活动，自动记上'
  return '到店消费，自动记上'
}

/** Its last day; an end at midnight belongs to the day before. */
export const lastDayOf = ({ dueAt }: Pick<Obligation, 'dueAt'>): Date => new Date(new Date(dueAt).getTime() - 1)

/** From when on, where that is still to come, and until when. */
export function whenWords(one: Pick<Obligation, 'startsAt' | 'dueAt'>, now: Date): string {
  const from = new Date(one.startsAt) > now ? `${dayWords(new Date(one.startsAt), now)}开始，` : ''
  return `${from}到 ${dayWords(lastDayOf(one), now)}`
}

export const rewardWords = ({
  rewardPoints,
  honourName,
  rewardCoupon,
}: Pick<Obligation, 'rewardPoints' | 'honourName' | 'rewardCoupon'>): string =>
  obligationRewardWords(rewardPoints, honourName, rewardCoupon) || '一声谢谢'

/** From when on the next step counts: `今天 18:30 以后可以再记`. */
export function nextWords(nextAt: string, now: Date): string {
  const at = new Date(nextAt)
  const days = daysUntil(at, now)
  const day = days === 0 ? '今天' : days === 1 ? '明天' : dayWords(at, now)
  return `${day} ${clockText(at)} 以后可以再记`
}

/** How it ended. */
export function endWords(
  { state, finishedAt, reason }: Pick<Obligation, 'state' | 'finishedAt' | 'reason'>,
  now: Date,
): string {
  const day = finishedAt ? dayWords(new Date(finishedAt), now) : ''
  switch (state) {
    case 'lapsed':
      return '时间过了'
    case 'rejected':
      return '没有通过'
    case 'clawed_back':
      return `${day}收回了`
    default:
      return `${day ? `${day}做完` : '做完了'}${reason === 'budget' ? '，谢礼已发完' : ''}`
  }
}

/** Why there was less for it than was said, or nothing any more; null where there is nothing to explain. */
export function endNote({
  state,
  reason,
  pointsGiven,
}: Pick<Obligation, 'state' | 'reason' | 'pointsGiven'>): string | null {
  if (state === 'clawed_back')
    return `记上的有一次退了，不够数了${pointsGiven > 0 ? `，${countText(pointsGiven)} 积分已收回` : '，这一份收回了'}。`
  if (state === 'approved' && reason === 'budget') return '你做到了，只是那时积分已经发完。名字照样留着。'
  return state === 'lapsed' ? '时间过了，这一次没有做完。下一次再来。' : null
}

/** A day, week or month as its key names it: `2026-11-20`, `2026-W47`, `2026-10`. */
export function periodName(key: string): string {
  const [year = '', part = '', day] = key.split('-')
  if (part.startsWith('W')) return `${year} 年第 ${Number(part.slice(1))} 周`
  if (!part) return '这一次'
  return day ? `${Number(part)} 月 ${Number(day)} 日` : `${year} 年 ${Number(part)} 月`
}
