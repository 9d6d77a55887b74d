import { type Fault, fault } from '@huiyuan/shared/faults'
import { isRingUpAmount } from '@huiyuan/shared/money'
import type { ReceiptLine } from '@huiyuan/shared/pricing'
import { v7 as uuidv7 } from 'uuid'
import { type Command, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'
import { couponFault, type PricedVisit, priceVisit } from './price-visit'

export interface HeldOrder {
  holdId: string
  fullFen: number
  payableFen: number
  couponId: string | null
  receipt: ReceiptLine[]
  expiresAt: string
}

export interface Holding {
  requestId: string
  visitId: string
  memberRef: string
  fullFen: number
  couponId: string | null
  /** As it was quoted. */
  payableFen: number
}

/**
 * Fixes a quoted price for some minutes and keeps its coupon aside. Sent again, it gives the same hold.
 * @throws AMOUNT_INVALID, QUOTE_CHANGED, COUPON_TAKEN, COUPON_SHORT, COUPON_OVER, COUPON_NOT_OPEN, NOT_FOUND, CODE_NEEDED,
 * VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED, REQUEST_REUSED
 */
export async function holdOrder(ctx: Ctx, staff: AtWork, input: Holding): Promise<HeldOrder> {
  if (!isRingUpAmount(input.fullFen)) return refuse('AMOUNT_INVALID')
  const { memberRef, ...asked } = input
  const memberId = readMemberRef(ctx.keys, input.visitId, memberRef)
  const request = commandOf(ctx, 'order.hold', asked)
  return twiceWhenBusy(async (again) => {
    const owner = again ? await survivingId(ctx.db, memberId) : memberId
    return ctx.sql<HeldOrder>('order_hold', await holdingOf(ctx, staff, input, owner, request))
  })
}

/** The price is worked out afresh. What it refuses goes along as `fault`: a command sent again is answered before that. */
async function holdingOf(ctx: Ctx, staff: AtWork, input: Holding, memberId: string, request: Command) {
  const at = ctx.now()
  const { visitId, fullFen, payableFen, couponId } = input
  const visit = await ctx.db.visit.findUnique({
    where: { memberId_visitId: { memberId, visitId }, storeId: staff.storeId },
    select: { memberId: true, method: true },
  })
  const price = visit && (await priceVisit(ctx, visit, { fullFen, choice: couponId === null ? 'none' : [couponId] }))
  return {
    request,
    staffId: staff.memberId,
    keyId: staff.keyId,
    memberId,
    visitId,
    holdId: uuidv7({ msecs: at.getTime() }),
    fullFen,
    payableFen,
    couponId,
    tier: price?.tier,
    receipt: price?.receipt,
    fault: price && faultOf(price, input),
    at,
    expiresAt: new Date(at.getTime() + ctx.policy.holdMinutes * 60_000),
  }
}

const faultOf = (price: PricedVisit, { payableFen, couponId }: Holding): Fault | null =>
  couponFault(price, couponId) ??
  (price.payableFen === payableFen ? null : fault('QUOTE_CHANGED', { payableFen: price.payableFen }))
