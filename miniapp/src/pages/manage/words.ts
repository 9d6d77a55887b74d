import { yuanText } from '@huiyuan/shared/money'
import type { OfflineClash } from '@huiyuan/shared/offline'
import { clockText, daysUntil, dayWords } from '@huiyuan/shared/time'
import type { RouterOutputs } from '../../lib/api'

export type Delivery = RouterOutputs['webhook']['deliveries']['deliveries'][number]
export type Clash = RouterOutputs['offline']['clashes']['clashes'][number]

export const momentWords = (iso: string, now = new Date()): string =>
  `${daysUntil(new Date(iso), now) === 0 ? '今天' : dayWords(new Date(iso), now)} ${clockText(new Date(iso))}`

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

const CLASH: Record<OfflineClash, string> = {
  amount_invalid: '金额不对，没有这样的单',
  code_wrong: '不是那个时间的会员码，认不出是谁',
  proof_wrong: '码对得上，手机的签名对不上，可能是仿造的',
  code_old: '会员码和扫码的时间对不上，可能是截图，或者平板的钟不准',
  code_used: '这个会员码已经用过一次',
  phone_removed: '会员在这之前已经停用了那部手机',
  member_unknown: '会员已经注销，或者没有这部手机',
  tablet_revoked: '平板停用以后才收的单',
  from_future: '收单时间比现在还晚，平板的钟不准',
  too_late: '同步得太晚，过了补记的期限',
  sequence_reused: '同一个号先报过另一单，先报的那一单作数',
}

/** Why one was not taken into account by itself, and where its code was used before. */
export function clashWords({ clash, usedBefore }: Clash, now = new Date()): string {
  if (!usedBefore) return CLASH[clash]
  const { at, storeName, amountFen } = usedBefore
  const paid = amountFen === null ? '' : `，收了 ${yuanText(amountFen)}`
  return `${CLASH[clash]}：${momentWords(at, now)} 在${storeName}${paid}`
}
