import { earningOf } from '@huiyuan/shared/ledger'
import { isRingUpAmount } from '@huiyuan/shared/money'
import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import { v7 as uuidv7 } from 'uuid'
import { alongOf, type Command, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { printsOf } from '../risk'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'
import type { OrderLine } from './cart'
import { drawOrderNo } from './order-no'

export interface SettledOrder {
  orderId: string
  orderNo: string
  fullFen: number
  /** What was paid. */
  amountFen: number
  points: number
  /** Points that paid a part of it. */
  pointsUsed: number
  /** What was rung up by articles. */
  lines: OrderLine[]
  growth: number
  activeAt: string
  pointsAfter: { available: number; pending: number }
  tierBefore: number
  tierAfter: number
  /** The coupon that the order was thanked with. */
  packet: { title: string; expiresAt: string } | null
  settledAt: string
}

/** An amount as it was paid, or a hold whose price was paid. */
export type Settlement = {
  requestId: string
  visitId: string
  memberRef: string
  /** Who paid, as the payment provider names them; hashed at once. */
  payer?: string | undefined
} & ({ amountFen: number; holdId?: undefined } | { holdId: string; amountFen?: undefined })

/**
 * Takes what the customer has paid into account: order, points, growth, tier and coupons in one statement. Any number of
 * the same command has one effect and one answer (I-L5). A live hold is settled also when its visit is over. When a merge
 * takes the member along meanwhile, the order follows to the survivor.
 * @throws AMOUNT_INVALID, VISIT_UNKNOWN, VISIT_OVER, HOLD_OVER, STAFF_NEEDED, REQUEST_REUSED
 */
export async function settleOrder(ctx: Ctx, staff: AtWork, input: Settlement): Promise<SettledOrder> {
  if (input.amountFen !== undefined && !isRingUpAmount(input.amountFen)) return refuse('AMOUNT_INVALID')
  // the reference is sealed afresh each time it is handed out; what it stands for is in the visit's id
  const { memberRef, ...asked } = input
  const memberId = readMemberRef(ctx.keys, input.visitId, memberRef)
  const request = commandOf(ctx, 'order.settle', asked)
  return twiceWhenBusy(async (again) => {
    const owner = again ? await survivingId(ctx.db, memberId) : memberId
    const paid =
      input.holdId === undefined ? { payableFen: input.amountFen } : await heldPrice(ctx, owner, input.holdId)
    return ctx.sql<SettledOrder>('order_settle', settlementOf(ctx, staff, input, owner, paid, request))
  })
}

interface Paid {
  payableFen: number
  /** What it earns, in percent of the policy's rate. */
  earnPercent?: number
}

/** What a hold fixed; nothing changes it, so it can be read ahead. An unknown hold is the write's to refuse. */
async function heldPrice({ db }: Ctx, memberId: string, holdId: string): Promise<Paid> {
  const hold = await db.orderHold.findUnique({
    where: { memberId_holdId: { memberId, holdId } },
    select: { payableFen: true, earnPercent: true },
  })
  return hold ?? { payableFen: 0 }
}

function settlementOf(
  ctx: Ctx,
  staff: AtWork,
  { visitId, holdId, payer }: Settlement,
  memberId: string,
  { payableFen: amountFen, earnPercent }: Paid,
  request: Command,
) {
  const at = ctx.now()
  const { points, growth, activeAt, expiresAt } = earningOf(amountFen, at, ctx.policy, earnPercent)
  const orderId = uuidv7({ msecs: at.getTime() })
  const payerPrints = printsOf(ctx, { payer })
  const event = { memberId, orderId, amountFen, points, growth, activeAt, at, payerPrints }
  return {
    request,
    staffId: staff.memberId,
    keyId: staff.keyId,
    memberId,
    visitId,
    holdId,
    orderId,
    orderNo: drawOrderNo(at),
    amountFen,
    points,
    growth,
    at,
    activeAt,
    expiresAt,
    validUntil: tierValidUntil(at, ctx.policy),
    ...tierTermsOf(ctx.policy),
    along: alongOf(ctx, 'order.settled', event),
  }
}
