import { countText } from '@huiyuan/shared/money'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from './api'

export type Coupon = RouterOutputs['coupon']['list']['usable'][number]
export type Claimable = RouterOutputs['coupon']['list']['claimable'][number]

const yuan = (fen: number) => (fen % 100 === 0 ? countText(fen / 100) : (fen / 100).toFixed(2).replace(/0$/, ''))

type Worth = Pick<Coupon, 'amountOffFen' | 'payPercent'>

/** What a coupon is worth, in a few signs: `8 元`, `8.8 折`. */
export const worthOf = ({ amountOffFen, payPercent }: Worth): { figure: string; unit: string } =>
  amountOffFen === null
    ? { figure: String((payPercent ?? 100) / 10), unit: '折' }
    : { figure: yuan(amountOffFen), unit: '元' }

/** From how much on it can be used. */
export const thresholdWords = ({ thresholdFen }: Pick<Coupon, 'thresholdFen'>): string =>
  thresholdFen > 0 ? `满 ${yuan(thresholdFen)} 元可用` : '无门槛'

const FROM: Record<Coupon['from'], string> = {
  gift: '新人礼',
  order: '支付后红包',
  mall: '积分兑换',
  claim: '自己领的',
  obligation: '活动奖励',
}

/** When it can be used, or what became of it. */
export function whenWords(coupon: Coupon, now: Date): string {
  const { state, validFrom, expiresAt, usedAt, from } = coupon
  const day = (iso: string) => dayWords(new Date(iso), now)
  switch (state) {
    case 'waiting':
      return `${day(validFrom)}起可用`
    case 'usable':
      return `${day(expiresAt)}前有效`
    case 'held':
      return '正在收银台结账'
    case 'used':
      return `${usedAt ? day(usedAt) : ''}用过 · ${FROM[from]}`
    case 'expired':
      return `${day(expiresAt)}到期 · ${FROM[from]}`
    case 'voided':
      return `已收回 · ${FROM[from]}`
  }
}

const SOON_DAYS = 7

/** `3 天后到期` while that is soon. */
export function soonWords({ state, expiresAt }: Coupon, now: Date): string | null {
  if (state !== 'usable') return null
  const days = daysUntil(new Date(expiresAt), now)
  if (days > SOON_DAYS) return null
  return days <= 0 ? '今天到期' : `还有 ${days} 天`
}
