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

/** What of an amount that is left to pay this member's points could pay, and shall. */
export interface PointsTerms {
  stepFen: number
  capPercent: number
  /** Steps that the member has points for, and steps that are asked for. */
  affordable: number
  wantedSteps: number
}

export function pointsTermsOf({ wanted, available, debt }: PointsWish, { pointsCash }: PointsPolicy): PointsTerms {
  const { pointsPerYuan, stepPoints, capPercent } = pointsCash
  const affordable = debt > 0 ? 0 : Math.max(0, Math.floor(available / stepPoints))
  return {
    stepFen: Math.floor((stepPoints * 100) / pointsPerYuan),
    capPercent,
    affordable,
    wantedSteps: wanted === 'most' ? affordable : Math.max(0, Math.floor(wanted / stepPoints)),
  }
}

type PointsPolicy = Pick<Policy, 'pointsCash'>

const mostStepsOf = (leftFen: number, { stepFen, capPercent, affordable }: PointsTerms): number =>
  Math.min(affordable, Math.floor(Math.floor((leftFen * capPercent) / 100) / stepFen))

export const payableAfterPoints = (leftFen: number, terms: PointsTerms): number =>
  leftFen - terms.stepFen * Math.min(terms.wantedSteps, mostStepsOf(leftFen, terms))

/**
 * The least that could remain to be paid if at least `leftFen` is left before points. As they come in whole steps, a little
 * more left can be less to pay: the next step may just fit.
 */
export function leastAfterPoints(leftFen: number, terms: PointsTerms): number {
  const { stepFen, capPercent, affordable, wantedSteps } = terms
  const payable = payableAfterPoints(leftFen, terms)
  const next = mostStepsOf(leftFen, terms) + 1
  if (next > Math.min(affordable, wantedSteps)) return payable
  return Math.min(payable, Math.ceil((next * stepFen * 100) / capPercent) - next * stepFen)
}

export function layPoints(basket: Basket, wish: PointsWish, policy: PointsPolicy): LaidPoints {
  const { stepPoints } = policy.pointsCash
  const terms = pointsTermsOf(wish, policy)
  const mostSteps = mostStepsOf(sumOf(basket.lines, 'payableFen'), terms)
  const steps = Math.min(terms.wantedSteps, mostSteps)
  const points: PaidPoints = {
    used: steps * stepPoints,
    offFen: steps * terms.stepFen,
    mostPoints: mostSteps * stepPoints,
    mostOffFen: mostSteps * terms.stepFen,
  }
  takeOff(basket.lines, 'points', points.offFen)
  return { points, receipt: wish.wanted === 0 ? [] : [pointsLine(points, wish, policy, terms)] }
}

interface LaidPoints {
  points: PaidPoints
  receipt: ReceiptLine[]
}

function pointsLine(
  { used, offFen, mostPoints }: PaidPoints,
  { available, debt }: PointsWish,
  { pointsCash: { stepPoints } }: PointsPolicy,
  { stepFen, capPercent, affordable, wantedSteps }: PointsTerms,
): ReceiptLine {
  const line = { rule: 'points', kind: 'points', title: '积分抵现', offFen } as const
  if (used > 0) {
    const words = `用 ${countText(used)} 积分抵 ${yuanText(offFen)}`
    const capped = Math.min(wantedSteps, affordable) * stepPoints > used
    return { ...line, state: 'applied', words: capped ? `${words}，最多抵余款的 ${capPercent}%` : words }
  }
  if (debt > 0) return { ...line, state: 'refused', words: '还欠着积分，补上以后就能抵' }
  if (affordable === 0)
    return { ...line, state: 'near', words: `再攒 ${countText(stepPoints - available)} 积分可抵 ${yuanText(stepFen)}` }
  const words =
    mostPoints === 0 ? `余款的 ${capPercent}% 不到 ${yuanText(stepFen)}` : `每 ${countText(stepPoints)} 积分起抵`
  return { ...line, state: 'refused', words }
}
