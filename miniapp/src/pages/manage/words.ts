import { yuanText } from '@huiyuan/shared/money'
import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'
import { clashText } from '../../lib/clash-text'

export type Delivery = RouterOutputs['webhook']['deliveries']['deliveries'][number]
export type Clash = RouterOutputs['offline']['clashes']['clashes'][number]

const dayOf = (iso: string, now: Date): string =>
  daysUntil(new Date(iso), now) === 0 ? '今天' : dayWords(new Date(iso), now)

export const momentWords = (iso: string, now = new Date()): string => `${dayOf(iso, now)} ${clockText(new Date(iso))}`

/** `11 月 13 日建`: since when there is something; nobody asks for the hour. */
export const sinceWords = (iso: string, verb: string, now = new Date()): string => `${dayOf(iso, now)}${verb}`

/** Facts in a row; a line ends between two of them, never within a date. */
export const factsText = (facts: string[]): string =>
  facts.map((fact) => fact.replaceAll(' ', '\u00a0')).join('\u00a0· ')

export const tillName = (tills: { tillId: string; name: string }[], tillId: string): string =>
  tills.find((till) => till.tillId === tillId)?.name ?? tillId

const EVENT: Record<string, string> = { 'order.settled': '入账', 'order.returned': '退货' }

export const eventWords = (event: string): string => EVENT[event] ?? event

/** What became of one push, for somebody who wonders why the till system has not heard of it. */
export function deliveryWords(delivery: Delivery, now: Date): string {
  const { state, attempts, lastStatus, createdAt, nextAt, sentAt } = delivery
  const answer = lastStatus === null ? '对方没有应答' : `对方答了 ${lastStatus}`
  if (state === 'sent') {
    const tries = attempts > 1 ? `，第 ${attempts} 次` : ''
    return `${momentWords(sentAt ?? createdAt, now)} 送达${tries}`
  }
  if (state === 'given_up') return attempts > 0 ? `试了 ${attempts} 次没送到，${answer}` : '没有发，推送已经停了'
  if (attempts === 0) return '正要发'
  return `第 ${attempts} 次没送到，${answer}${nextAt ? `，${clockText(new Date(nextAt))} 再试` : ''}`
}

/** Why one was not taken into account by itself, and where its code was used before. */
export function clashWords({ clash, usedBefore }: Clash, now = new Date()): string {
  if (!usedBefore) return clashText(clash)
  const { at, storeName, amountFen } = usedBefore
  const paid = amountFen === null ? '' : `，收了 ${yuanText(amountFen)}`
  return `${clashText(clash)}：${momentWords(at, now)} 在${storeName}${paid}`
}
