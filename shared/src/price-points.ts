/**
 * Points as cash: in whole steps, up to a percentage of what is left to pay after everything else. Nothing for who owes points.
 */
import { countText, yuanText } from './money'
import type { Policy } from './policy'
import { type Basket, sumOf, takeOff } from './price-lines'
import type { ReceiptLine } from './price-receipt'

export interface PointsWish {
  /** 0 for none; what is not a whole step is rounded down. */
  wanted: number | 'most'
  available: number
  debt: number
}

export interface PaidPoints {
  used: number
  offFen: number
  /** The most that could be used on this order, and what it would take off. */
  mostPoints: number
  mostOffFen: number
}

export function layPoints(
  basket: Basket,
  { wanted, available, debt }: PointsWish,
  { pointsCash }: Pick<Policy, 'pointsCash'>,
): { points: PaidPoints; receipt: ReceiptLine[] } {
  const { pointsPerYuan, stepPoints, capPercent } = pointsCash
  const stepFen = Math.floor((stepPoints * 100) / pointsPerYuan)
  const capFen = Math.floor((sumOf(basket.lines, 'payableFen') * capPercent) / 100)
  const affordable = debt > 0 ? 0 : Math.floor(available / stepPoints)
  const mostSteps = Math.max(0, Math.min(affordable, Math.floor(capFen / stepFen)))
  const wantedSteps = wanted === 'most' ? mostSteps : Math.floor(wanted / stepPoints)
  const steps = Math.max(0, Math.min(wantedSteps, mostSteps))
  const points: PaidPoints = {
    used: steps * stepPoints,
    offFen: steps * stepFen,
    mostPoints: mostSteps * stepPoints,
    mostOffFen: mostSteps * stepFen,
  }
  takeOff(basket.lines, 'points', points.offFen)
  if (wanted === 0) return { points, receipt: [] }
  const line = { rule: 'points', kind: 'points', title: '积分抵现', offFen: points.offFen } as const
  if (steps > 0) {
    const capped = wantedSteps > mostSteps || mostSteps < affordable
    const words = `用 ${countText(points.used)} 积分抵 ${yuanText(points.offFen)}`
    return {
      points,
      receipt: [{ ...line, state: 'applied', words: capped ? `${words}，最多抵余款的 ${capPercent}%` : words }],
    }
  }
  if (debt > 0) return { points, receipt: [{ ...line, state: 'refused', words: '还欠着积分，补上以后就能抵' }] }
  if (affordable === 0) {
    const words = `再攒 ${countText(stepPoints - available)} 积分可抵 ${yuanText(stepFen)}`
    return { points, receipt: [{ ...line, state: 'near', words }] }
  }
  const words =
    mostSteps === 0 ? `余款的 ${capPercent}% 不到 ${yuanText(stepFen)}，抵不了` : `每 ${countText(stepPoints)} 积分起抵`
  return { points, receipt: [{ ...line, state: 'refused', words }] }
}
