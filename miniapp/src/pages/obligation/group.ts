import { obligationRewardWords } from '@huiyuan/shared/obligation'
import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import type { Obligation } from './obligations'

/** What is being done, what may be taken up, what is over. */
export type Group = 'doing' | 'open' | 'done'

export function groupOf({ state }: Pick<Obligation, 'state'>): Group {
  if (state === 'accepted' || state === 'in_progress') return 'doing'
  return state === 'open' ? 'open' : 'done'
}

/** Where the page begins: with what is under way, else with what there is. */
export const startGroup = (all: Pick<Obligation, 'state'>[]): Group =>
  (['doing', 'open', 'done'] as const).find((group) => all.some((one) => groupOf(one) === group)) ?? 'open'

/** How it is confirmed and until when, in one line. */
export function howWords({ storeName, startsAt, endsAt }: Obligation, now: Date): string {
  const where = storeName ? `到${storeName}，店员扫码确认` : '店员扫码确认'
  const from = new Date(startsAt) > now ? `${dayWords(new Date(startsAt), now)}开始，` : ''
  return `${where}，${from}到 ${dayWords(new Date(endsAt), now)}`
}

export const rewardWords = ({ rewardPoints, honourName }: Obligation): string =>
  obligationRewardWords(rewardPoints, honourName) || '一声谢谢'

/** From when on the next step counts: `今天 18:30 以后可以再记`. */
export function nextWords(nextAt: string, now: Date): string {
  const at = new Date(nextAt)
  const days = daysUntil(at, now)
  const day = days === 0 ? '今天' : days === 1 ? '明天' : dayWords(at, now)
  return `${day} ${clockText(at)} 以后可以再记`
}

/** How it ended. */
export function endWords({ state, finishedAt }: Obligation, now: Date): string {
  if (state === 'lapsed') return '时间过了'
  return finishedAt ? `${dayWords(new Date(finishedAt), now)}做完` : '做完了'
}
