import { scopeWords, stackWords } from '@huiyuan/shared/coupon-words'
import { countText } from '@huiyuan/shared/money'
import { basketOf, linesIn, sumOf } from '@huiyuan/shared/price-lines'
import { daysUntil, dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from './api'
import type { CartItem } from './cart'

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

/** What it is for and which others it goes with: `限原叶茶 · 可与整单券同用`. */
export const termsWords = ({ scopeNames, stackingGroup }: Pick<Coupon, 'scopeNames' | 'stackingGroup'>): string =>
  `${scopeWords(scopeNames)} · ${stackWords(stackingGroup)}`

/** How what was picked on the menu stands to a coupon: it fits, a little or much is missing, or nothing of it is what it is for. */
export type Fit = { kind: 'fits' | 'far' | 'beside' } | { kind: 'near'; missingFen: number }

/** Null where nothing was picked. A threshold is told by the menu price of what the coupon is for; the half of it is near. */
export function fitOf(
  { scope, thresholdFen }: Pick<Coupon, 'scope' | 'thresholdFen'>,
  items: readonly CartItem[],
): Fit | null {
  if (items.length === 0) return null
  const lines = linesIn(basketOf(items.map((item) => ({ ...item, title: '' }))), scope)
  if (lines.length === 0) return { kind: 'beside' }
  const missingFen = thresholdFen - sumOf(lines, 'fullFen')
  if (missingFen <= 0) return { kind: 'fits' }
  return missingFen * 2 <= thresholdFen ? { kind: 'near', missingFen } : { kind: 'far' }
}

/** The words of it, `选好的再加 6 元可用`; nothing of what is far. */
export function fitWords(fit: Fit): string | null {
  switch (fit.kind) {
    case 'fits':
      return '选好的这几样能用'
    case 'near':
      return `选好的再加 ${yuan(fit.missingFen)} 元可用`
    case 'beside':
      return '选好的里没有它能用的'
    case 'far':
      return null
  }
}

/** Where on the menu it can be used. */
export const menuOf = ({ scope }: Pick<Coupon, 'scope'>): string => {
  const [category] = scope?.categories ?? []
  return category ? `/pages/product/menu?category=${category}` : '/pages/product/menu'
}

const FROM: Record<Coupon['from'], string> = {
  gift: '礼物里的',
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
