import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { clockText, dayWords, startOfBusinessDay } from '@huiyuan/shared/time'

export type Period = 'day' | 'month' | 'year' | 'once' | null

const WITHIN: Record<Exclude<Period, null>, string> = { day: '今天', month: '本月', year: '今年', once: '' }

/** `本月还剩 1 次`, or that it may be used as often as one likes. */
export const leftWords = (left: number | null, period: Period): string =>
  left === null ? '不限次数' : `${period ? WITHIN[period] : ''}还剩 ${left} 次`

/** `这是本月最后 1 次`. */
export const lastWords = (period: Period): string => `这是${period ? WITHIN[period] : ''}最后 1 次`

/** `12 月 1 日恢复`; what never comes back is said to be used. */
export function backWords(backAt: string | null, now: Date): string {
  if (!backAt) return '已经用过'
  const at = new Date(backAt)
  const clock = startOfBusinessDay(at).getTime() === at.getTime() ? '' : ` ${clockText(at)} `
  return `${dayWords(at, now)}${clock}恢复`
}

/** `本月用完`. */
export const usedUpWords = (period: Period): string => `${period ? WITHIN[period] : ''}用完`

/** `升到铂金`, `得到「惜杯人」`, or either of the two; what neither brings comes with a gift. */
export function unlockWords(unlock: { tier: number | null; honourName: string | null } | null): string {
  const ways = [
    unlock?.tier && `升到${rungOf(unlock.tier, DEMO_POLICY).name}`,
    unlock?.honourName && `得到「${unlock.honourName}」`,
  ].filter((way): way is string => typeof way === 'string')
  if (ways.length > 0) return ways.join('，或')
  return unlock ? '随礼包得到' : '还没有开放'
}
