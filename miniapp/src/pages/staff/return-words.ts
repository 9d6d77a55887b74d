import { countText, parseYuan, yuanText } from '@huiyuan/shared/money'
import { returnedShare } from '@huiyuan/shared/order'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import type { RouterOutputs } from '../../lib/api'

export type Returned = RouterOutputs['order']['return']

/** What has gone back, one line each, in the order in which a clerk tells it. */
export function returnWords(returned: Returned): string[] {
  const { points, growth, pointsBack, pointsEnded, coupons, packet, tierBefore, tierAfter } = returned
  const lines: (string | null)[] = [
    soFarWords(returned),
    pointsBack > 0 ? `退回用掉的 ${countText(pointsBack)} 积分` : null,
    pointsEnded > 0 ? `用掉的 ${countText(pointsEnded)} 积分已经过期，不再退回` : null,
    points.pending > 0 ? `收回待生效 ${countText(points.pending)} 积分` : null,
    points.available > 0 ? `收回 ${countText(points.available)} 积分` : null,
    points.debt > 0 ? `记欠 ${countText(points.debt)} 积分，以后得的先补上` : null,
    growth > 0 ? `成长值减 ${countText(growth)}` : null,
    tierAfter < tierBefore ? `等级回到${rungOf(tierAfter, DEMO_POLICY).name}` : null,
    ...coupons.map(({ title, returned }) => (returned ? `「${title}」退回卡券` : `「${title}」已过期，不再退回`)),
    packet && (packet.state === 'voided' ? `红包「${packet.title}」已作废` : `红包「${packet.title}」已经用掉，不收回`),
  ]
  return lines.filter((line): line is string => line !== null)
}

/** Where the whole purchase stands, when it goes back in parts. */
function soFarWords({ refundedFen, refundedTotalFen, leftFen }: Returned): string | null {
  if (leftFen > 0) return `这一单已退 ${yuanText(refundedTotalFen)}，还可退 ${yuanText(leftFen)}`
  return refundedTotalFen > refundedFen ? `这一单共退 ${yuanText(refundedTotalFen)}，退完了` : null
}

export interface ReturnableOrder {
  orderRef: string
  orderNo: string
  amountFen: number
  fullFen: number
  points: number
  /** Points that paid a part of it. */
  pointsUsed: number
  /** What went back so far. */
  refundedFen: number
  /** Empty where an amount was taken as it was. */
  lines: BoughtLine[]
}

export interface BoughtLine {
  lineNo: number
  title: string
  qty: number
  fullFen: number
  payableFen: number
  returnedQty: number
}

/** What so many pieces of a line give back: their share of what was paid for it, less what its earlier pieces gave. */
export const shareFen = ({ payableFen, qty, returnedQty }: BoughtLine, pieces: number): number =>
  returnedShare(payableFen, qty, returnedQty + pieces) - returnedShare(payableFen, qty, returnedQty)

/** What will go back, told before it is done; `fen` is null until an amount stands there. */
export function beforeReturnWords(
  { amountFen, fullFen, points, pointsUsed }: ReturnableOrder,
  { fen, leftFen }: { fen: number | null; leftFen: number },
): string[] {
  const whole = fen === leftFen
  const pointsWords = !whole
    ? '积分按退的金额收回'
    : leftFen < amountFen
      ? '收回这一单余下的积分'
      : `收回 ${countText(points)} 积分`
  return [
    fen === null ? '按原来的付款方式退给顾客' : `退给顾客 ${yuanText(fen)}，按原来的付款方式`,
    ...(pointsUsed > 0 ? [whole ? '这一单用掉的积分退回去' : '用掉的积分按退的金额退回'] : []),
    ...(points > 0 ? [`${pointsWords}，用掉的记作欠分`] : []),
    ...(fullFen > amountFen ? [whole ? '这一单用过的券退回卡券，过期的不退' : '这一单用过的券，整单退完才退回'] : []),
    whole ? '随单送的红包没用就作废' : '随单送的红包先留着，整单退完才作废',
  ]
}

export interface Part {
  /** null while there is no amount that may go back. */
  fen: number | null
  hint: string
  bad: boolean
}

/** What was typed as a part that goes back: more than nothing, and no more than is left. */
export function partOf(typed: string, leftFen: number): Part {
  const most = `最多还能退 ${yuanText(leftFen)}`
  // a Chinese keyboard writes its own full stop
  const text = typed.trim().replace(/[。．]/, '.')
  const fen = parseYuan(text)
  if (text !== '' && fen === null) return { fen: null, hint: `请输入金额，比如 20 或 20.50，${most}`, bad: true }
  if (fen !== null && fen > leftFen) return { fen: null, hint: `超过了，${most}`, bad: true }
  return { fen: fen || null, hint: most, bad: false }
}

/** `已退 ¥20.00` of a purchase of which a part went back; what went back whole says so elsewhere. */
export const partlyWords = ({ state, refundedFen }: { state: string; refundedFen: number }): string | null =>
  state !== 'returned' && refundedFen > 0 ? `已退 ${yuanText(refundedFen)}` : null

/** `桂花乌龙鲜奶等 3 件 · 用了 600 积分`: what it was made of, as far as it is known. */
export function madeWords({ lines, pointsUsed }: Pick<ReturnableOrder, 'lines' | 'pointsUsed'>): string | null {
  const pieces = lines.reduce((sum, { qty }) => sum + qty, 0)
  const [first] = lines
  const what = first && (pieces > 1 ? `${first.title}等 ${pieces} 件` : first.title)
  const words = [what, pointsUsed > 0 && `用了 ${countText(pointsUsed)} 积分`].filter(Boolean)
  return words.length > 0 ? words.join(' · ') : null
}
