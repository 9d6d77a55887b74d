import { randomUUID } from 'node:crypto'
import { seedCoupon } from '../../../prisma/seed/coupon'
import {
  type Colleague,
  newMember,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../../../test/support/people'
import type { Ctx } from '../ctx'
import { findVisit } from '../visit/find-visit'
import { type HeldOrder, type Holding, holdOrder } from './hold-order'
import { orderRefOf } from './order-ref'
import { quoteOrder } from './quote-order'
import { type ReturnedOrder, type Returning, returnOrder } from './return-order'
import { type SettledOrder, settleOrder } from './settle-order'

export const MINUTE = 60_000
export const DAY = 86_400_000

interface Stay {
  visitId: string
  memberRef: string
}

export interface Guest extends Person {
  visit: Stay
}

export interface Counter {
  one: TestHouse
  other: TestHouse
  clerk: Colleague
  /** A member who stands at the till with a live code. */
  visited(by?: Colleague): Promise<Guest>
  /** The same, known by a number only. */
  spoken(): Promise<Guest>
  /** A coupon in the member's wallet. */
  granted(memberId: string, templateId?: string): Promise<string>
  /** As quoted: prices the amount and holds it. */
  hold(visit: Stay, fullFen?: number | null, more?: HoldWish): Promise<HeldOrder>
  settle(visit: Stay, holdId: string, more?: { requestId?: string } & More): Promise<SettledOrder>
  pay(visit: Stay, amountFen: number, more?: More): Promise<SettledOrder>
  takeBack(
    memberId: string,
    orderId: string,
    more?: { requestId?: string; visitId?: string; refundFen?: number; lines?: Returning['lines'] } & More,
  ): Promise<ReturnedOrder>
  couponOf(couponId: string): Promise<{ state: string; holdId: string | null; orderId: string | null }>
  holdsOf(memberId: string): Promise<Record<string, number>>
  close(): Promise<void>
}

/** One coupon, or several; without a price it is as quoted. */
type HoldWish = Partial<Holding> & More & { couponId?: string | null }

interface More {
  by?: Colleague
  in?: TestHouse
}

/** Two server processes on one database with one clock, a clerk, and everything a counter does. */
export async function openCounter(url: string): Promise<Counter> {
  const one = testHouse(url)
  const other = testHouse(url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  await seedCoupon(one.as())
  const clerk = await newStaff(one)
  const { db } = one.as()
  const asked = (more: More): [Ctx, Colleague] => {
    const by = more.by ?? clerk
    return [more.in ? more.in.as(by.memberId) : by.ctx, by]
  }
  return {
    one,
    other,
    clerk,
    visited: async (by = clerk) => {
      const member = await newMember(one)
      return { ...member, visit: await newVisit(one, member, by) }
    },
    spoken: async () => {
      const member = await newMember(one)
      const { memberNo } = member
      const at = { requestId: randomUUID(), tillId: clerk.tillId }
      return { ...member, visit: await findVisit(clerk.ctx, clerk, { ...at, memberNo }) }
    },
    granted: async (memberId, templateId = 'new_8') => {
      const call = { memberId, templateId, at: one.clock.at, kind: 'test', sourceId: randomUUID() }
      return (await one.house.sql<{ couponId: string }>('coupon_grant', call)).couponId
    },
    hold: async ({ visitId, memberRef }, fullFen = 6_800, more = {}) => {
      const { by: _by, in: _in, couponId, ...wish } = more
      const { lines, points = 0, couponIds = couponId ? [couponId] : [] } = wish
      const of = {
        visitId,
        memberRef,
        couponIds,
        points,
        ...(lines ? { lines } : {}),
        ...(fullFen === null ? {} : { fullFen }),
      }
      const quote =
        wish.payableFen === undefined
          ? await quoteOrder(...asked(more), { ...of, coupons: couponIds })
          : { payableFen: wish.payableFen }
      return holdOrder(...asked(more), {
        requestId: randomUUID(),
        ...of,
        payableFen: quote.payableFen,
        ...wish,
      })
    },
    settle: ({ visitId, memberRef }, holdId, { requestId = randomUUID(), ...more } = {}) =>
      settleOrder(...asked(more), { requestId, visitId, memberRef, holdId }),
    pay: ({ visitId, memberRef }, amountFen, more = {}) =>
      settleOrder(...asked(more), { requestId: randomUUID(), visitId, memberRef, amountFen }),
    takeBack: (memberId, orderId, { requestId = randomUUID(), visitId, refundFen, lines, ...more } = {}) => {
      const orderRef = orderRefOf(one.house.keys, { memberId, orderId, visitId: visitId ?? null })
      return returnOrder(...asked(more), { requestId, orderRef, refundFen, lines })
    },
    couponOf: (couponId) =>
      db.coupon.findFirstOrThrow({ where: { couponId }, select: { state: true, holdId: true, orderId: true } }),
    holdsOf: async (memberId) => {
      const rows = await db.orderHold.groupBy({ by: ['state'], where: { memberId }, _count: true })
      return Object.fromEntries(rows.map(({ state, _count }) => [state, _count]))
    },
    close: async () => {
      await Promise.all([one.close(), other.close()])
    },
  }
}
