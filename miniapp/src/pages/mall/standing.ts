import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import type { Redemption } from '../../lib/reward'

type TagKind = 'brand' | 'accent' | 'ok'
type State = Pick<Redemption, 'state' | 'kind' | 'cancelReason'>

/** How it stands, in a word. */
export function standing({ state, kind, cancelReason }: State): { name: string; tag?: TagKind } {
  const service = kind === 'service'
  if (state === 'placed') return { name: service ? '安排中' : '备货中', tag: 'brand' }
  if (state === 'ready') return { name: service ? '可以用了' : '可以取了', tag: 'accent' }
  if (state === 'done') return { name: DONE[kind], tag: 'ok' }
  if (cancelReason === 'gift_superseded') return { name: '只留一份' }
  return { name: cancelReason !== 'overdue' ? '已取消' : service ? '过期未用' : '过期未取' }
}

const DONE: Record<Redemption['kind'], string> = {
  pickup: '已取走',
  service: '已使用',
  coupon: '已到账',
  partner_code: '已给码',
}

/** What is next, or what became of it. */
export function nextWords(one: Redemption, now: Date): string {
  const { state, kind, readyAt, pickupBy } = one
  const day = (iso: string) => dayWords(new Date(iso), now)
  const service = kind === 'service'
  if (state === 'placed')
    return `${day(readyAt)} ${clockText(new Date(readyAt))} ${service ? '安排好' : '备好'}，${day(pickupBy)}前${service ? '到店' : '取'}`
  if (state === 'ready') return `${day(pickupBy)}前到任一门店${service ? '使用' : '取'}`
  return state === 'done' ? doneWords(one, day) : overWords(one, day)
}

function doneWords({ kind, finishedAt, storeName }: Redemption, day: (iso: string) => string): string {
  const finished = finishedAt ? day(finishedAt) : ''
  if (kind === 'coupon') return `${finished}放进卡券`
  if (kind === 'partner_code') return `${finished}给出，随时能看`
  return `${finished}在${storeName ?? '门店'}${kind === 'service' ? '使用' : '取走'}`
}

function overWords({ kind, origin, cancelReason, finishedAt, back }: Redemption, day: (iso: string) => string): string {
  const overdue = cancelReason === 'overdue'
  if (cancelReason === 'gift_superseded') return '两张会员卡合并，礼物只留一份'
  const missed = kind === 'service' ? '没有用' : '没有取'
  if (origin === 'gift') return overdue ? `超过日期${missed}` : '已经取消'
  const finished = finishedAt ? day(finishedAt) : ''
  const points = back && back.returned + back.grace === 0 ? '积分到期已久，没有退回' : '积分已退回'
  return `${finished}${overdue ? `到期${missed}` : '取消'}，${points}`
}

/** What it cost, which piece it is, and which right opened it. */
export function factsOf({ origin, points, pieceNo, stockTotal, state, rightTitle }: Redemption): string[] {
  return [
    origin === 'gift' ? '礼物' : `${countText(points)} 积分`,
    pieceNo !== null && state !== 'cancelled' && `第 ${pieceNo}/${stockTotal} 件`,
    rightTitle !== null && (state === 'cancelled' ? `${rightTitle}已还` : `用了 1 次${rightTitle}`),
  ].filter((fact): fact is string => typeof fact === 'string')
}

/** By when a step that is still ahead comes. */
export function aheadWords(state: string, { readyAt, pickupBy }: Redemption, now: Date): string {
  if (state === 'ready') return `约 ${momentWords(readyAt, now)}`
  return state === 'done' ? `${dayWords(new Date(pickupBy), now)}前` : '还没到这一步'
}

/** `11 月 21 日 10:42`. */
export const momentWords = (iso: string, now: Date): string =>
  `${dayWords(new Date(iso), now)} ${clockText(new Date(iso))}`

/** What came back of a cancelled exchange, line by line; nothing is left out, also not what was lost. */
export function backLines(
  back: NonNullable<Redemption['back']>,
  graceDays: number,
): { name: string; sub: string; points: number }[] {
  return [
    { name: '退回原来的批次', sub: '到期日不变', points: back.returned },
    { name: '原批次已到期', sub: `再给你 ${graceDays} 天`, points: back.grace },
    { name: '到期已久', sub: '没有退回', points: back.expired },
  ].filter(({ points }) => points > 0)
}
