import { businessDay, dayWords } from '@huiyuan/shared/time'
import type { Honour } from './honours'

type Told = Pick<
  Honour,
  'state' | 'termMonths' | 'until' | 'because' | 'lapsesAt' | 'lapsedAt' | 'regainUntil' | 'duties'
>

export const KIND_WORDS: Record<Honour['kind'], string> = { title: '称号', badge: '徽章' }

export const isWorn = ({ state }: Pick<Honour, 'state'>): boolean => state === 'worn' || state === 'warned'

/** How long: `戴到 2027 年 11 月 30 日`, `长期有效`; of one that is not worn what its term is, or since when it is gone. */
export function termWords({ state, termMonths, until, lapsedAt }: Told, now: Date): string {
  if (state === 'lapsed') return lapsedAt ? `${dayWords(new Date(lapsedAt), now)}收起` : '已收起'
  if (state === 'open') return termMonths === null ? '得到后长期有效' : `得到后戴 ${termMonths} 个月`
  return until ? `戴到 ${dayWords(new Date(until), now)}` : '长期有效'
}

/** What its wearer, or who has lost it, should know now; null where there is nothing. */
export function noteWords(honour: Told, now: Date): { kind: 'warn' | 'calm'; words: string } | null {
  const { state, because, lapsesAt, regainUntil, duties } = honour
  if (state === 'lapsed')
    return regainUntil && duties && duties.need > 0
      ? { kind: 'calm', words: `${dayWords(new Date(regainUntil), now)}前，把一个月的 ${duties.need} 件做满，它就回来` }
      : null
  if (state !== 'warned' || !lapsesAt) return null
  const day = dayWords(new Date(lapsesAt), now)
  if (because === 'term' || !duties) return { kind: 'calm', words: `${day}到期，谢谢你戴了这一程` }
  const missing = duties.need - duties.done - duties.waiting
  if (duties.done >= duties.need) return { kind: 'calm', words: '都做完了，它留住了' }
  if (missing <= 0) return { kind: 'calm', words: '交上的正有人看，不会因为等而失去' }
  return { kind: 'warn', words: `${day}前还差 ${missing} 件；没有做完，它会先收起来` }
}

/** How far this month's duties are, or from when they are asked for; null where none are. */
export function dutyWords({ state, duties }: Told, now: Date): string | null {
  if (!duties || duties.need === 0) return null
  const from = duties.from ? new Date(duties.from) : null
  if (state === 'open') return `每个月做 ${duties.need} 件小事留住它`
  if (state !== 'lapsed' && from && from > now)
    return `从 ${businessDay(from).month} 月起，每个月做 ${duties.need} 件小事留住它`
  const waiting = duties.waiting > 0 ? `，${duties.waiting} 件在看` : ''
  return `这个月 ${Math.min(duties.done, duties.need)} / ${duties.need} 件${waiting}`
}

/** Whether this month's duties are counted for this member now. */
export const dutiesCount = ({ state, duties }: Told, now: Date): boolean =>
  duties !== null &&
  duties.need > 0 &&
  state !== 'open' &&
  (state === 'lapsed' || !duties.from || new Date(duties.from) <= now)
