import { countText, yuanText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'
import type { Quote } from './phase'

export type Service = RouterOutputs['right']['atCounter']['services'][number]

/** What points could pay of it, or do; nothing where none can. */
export function pointsWords({ used, offFen, mostPoints, mostOffFen }: Quote['pointsPay']): string | null {
  if (used > 0) return `已用 ${countText(used)} 积分，抵 ${yuanText(offFen)}`
  return mostPoints > 0 ? `用 ${countText(mostPoints)} 积分抵 ${yuanText(mostOffFen)}` : null
}

const PERIOD: Record<string, string> = { day: '今天', week: '这周', month: '这个月', year: '今年' }

/** `这个月还有 2 次`, or when it is back. */
export function serviceWords({ state, left, period, backAt }: Service, now = new Date()): string {
  if (state === 'used_up') return backAt ? `用完了，${dayWords(new Date(backAt), now)}再来` : '用完了'
  return left === null ? '不限次' : `${PERIOD[period ?? ''] ?? ''}还有 ${left} 次`
}
