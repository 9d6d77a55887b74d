import { type Fault, fault } from '@huiyuan/shared/faults'
import type { ReceiptLine } from '@huiyuan/shared/pricing'
import { businessDaysAfter, endOfBusinessDay } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { type Command, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'
import { type Cart, isCartTyped, keptLines, type OrderLine } from './cart'
import { couponFault, type PricedVisit, pointsFault, priceVisit } from './price-visit'

export interface HeldOrder {
  holdId: string
  fullFen: number
  payableFen: number
  couponIds: string[]
  pointsUsed: number
  pointsOffFen: number
  lines: OrderLine[]
  receipt: ReceiptLine[]
  expiresAt: string
}

export interface Holding extends Cart {
  requestId: string
  visitId: string
  memberRef: string
  couponIds: string[]
  /** How many points are to pay, in whole steps. */
  points: number
  /** As it was quoted. */
  payableFen: number
}

/**
 * Fixes a quoted price for some minutes: keeps its coupons aside, spends its points and uses its rights, or nothing of it. Sent
 * again, it gives the same hold.
 * @throws AMOUNT_INVALID, PRODUCT_UNKNOWN, PRODUCT_NOT_OPEN, PRODUCT_OVER, QUOTE_CHANGED, COUPON_TAKEN, COUPON_SHORT, COUPON_SCOPE,
 * COUPON_STACK, COUPON_OVER, COUPON_NOT_OPEN, NOT_FOUND, POINTS_SHORT, POINTS_CAP, IN_DEBT, RIGHT_USED_UP, CODE_NEEDED, VISIT_UNKNOWN,
 * VISIT_OVER, STAFF_NEEDED, REQUEST_REUSED
 */
export async function holdOrder(ctx: Ctx, staff: AtWork, input: Holding): Promise<HeldOrder> {
  if (!isCartTyped(input)) return refuse('AMOUNT_INVALID')
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
  const { visitId, lines, fullFen, couponIds, points } = input
  const visit = await ctx.db.visit.findUnique({
    where: { memberId_visitId: { memberId, visitId }, storeId: staff.storeId },
    select: { memberId: true, method: true },
  })
  const price = visit && (await priceVisit(ctx, visit, { lines, fullFen, choice: couponIds, points }))
  return {
    request,
    staffId: staff.memberId,
    keyId: staff.keyId,
    memberId,
    visitId,
    holdId: uuidv7({ msecs: at.getTime() }),
    couponIds,
    points,
    ...(price && pricedOf(price, input, visit.method === 'code')),
    at,
    expiresAt: new Date(at.getTime() + ctx.policy.holdMinutes * 60_000),
    graceUntil: endOfBusinessDay(businessDaysAfter(at, ctx.policy.graceDays)),
  }
}

function pricedOf(price: PricedVisit, input: Holding, maySpend: boolean) {
  const lines = keptLines(price.lines)
  return {
    fullFen: price.fullFen,
    payableFen: price.payableFen,
    pointsOffFen: price.points.offFen,
    rightIds: price.usedRights,
    lines: lines.length > 0 ? lines : null,
    earnPercent: maySpend ? price.facts.earnPercent : 100,
    seen: price.facts.seen,
    receipt: price.receipt,
    fault: faultOf(price, input),
  }
}

const faultOf = (price: PricedVisit, { payableFen, couponIds, points }: Holding): Fault | null =>
  price.cartFault ??
  couponFault(price, couponIds) ??
  pointsFault(price, points) ??
  (price.payableFen === payableFen ? null : fault('QUOTE_CHANGED', { payableFen: price.payableFen }))
