import { countText, yuanText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import type { RouterOutputs } from '../../lib/api'

export type Returned = RouterOutputs['order']['return']

/** What has gone back, one line each, in the order in which a clerk tells it. */
export function returnWords({ points, growth, coupon, packet, tierBefore, tierAfter }: Returned): string[] {
  const lines: (string | null)[] = [
    points.pending > 0 ? `收回待生效 ${countText(points.pending)} 积分` : null,
    points.available > 0 ? `收回 ${countText(points.available)} 积分` : null,
    points.debt > 0 ? `记欠 ${countText(points.debt)} 积分，以后得的先补上` : null,
    growth > 0 ? `成长值减 ${countText(growth)}` : null,
    tierAfter < tierBefore ? `等级回到${rungOf(tierAfter, DEMO_POLICY).name}` : null,
    coupon && (coupon.returned ? `「${coupon.title}」退回卡券` : `「${coupon.title}」已过期，不再退回`),
    packet && (packet.state === 'voided' ? `红包「${packet.title}」已作废` : `红包「${packet.title}」已经用掉，不收回`),
  ]
  return lines.filter((line): line is string => line !== null)
}

export interface ReturnableOrder {
  orderRef: string
  orderNo: string
  amountFen: number
  fullFen: number
  points: number
}

/** What will go back, told before it is done. */
export function beforeReturnWords({ amountFen, fullFen, points }: ReturnableOrder): string[] {
  return [
    `退给顾客 ${yuanText(amountFen)}，按原来的付款方式`,
    ...(points > 0 ? [`收回 ${countText(points)} 积分，用掉的记作欠分`] : []),
    ...(fullFen > amountFen ? ['这一单用过的券退回卡券，过期的不退'] : []),
    '随单送的红包没用就作废',
  ]
}
