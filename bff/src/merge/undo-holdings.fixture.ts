import { randomUUID } from 'node:crypto'
import { newMember, newStaff, type Person, type TestHouse } from '../../../test/support/people'
import { favourReward } from '../mall/favour-reward'
import { arrive, type Everything, type Somebody } from '../order/everything.fixture'
import { holdOrder } from '../order/hold-order'
import { orderRefOf } from '../order/order-ref'
import { quoteOrder } from '../order/quote-order'
import { returnOrder } from '../order/return-order'
import { settleOrder } from '../order/settle-order'
import { Refusal } from '../refusal'
import { previewUndo, undoMerge } from './undo-merge'

const told = () => ({ requestId: randomUUID() })

export type Shopper = Somebody & Person

/** Somebody new, with a live code at the till. */
export async function newShopper(all: Everything): Promise<Shopper> {
  const person = await newMember(all.one)
  return { ...person, visit: await arrive(all, person.memberId), holds: [], orders: [] }
}

/** Pays 50 yuan at the till with this coupon. → the order */
export async function payWith(all: Everything, memberId: string, couponId: string): Promise<string> {
  const { clerk, one } = all
  const visit = await arrive(all, memberId)
  const at = [one.as(clerk.memberId), clerk] as const
  const { payableFen } = await quoteOrder(...at, { ...visit, fullFen: 5_000, coupons: [couponId] })
  const { holdId } = await holdOrder(...at, {
    ...told(),
    ...visit,
    fullFen: 5_000,
    payableFen,
    couponIds: [couponId],
    points: 0,
  })
  return (await settleOrder(...at, { ...told(), ...visit, holdId })).orderId
}

/** The manager takes a purchase of this member's back, whole. */
export const giveBack = ({ manager, one }: Everything, memberId: string, orderId: string) =>
  returnOrder(one.as(manager.memberId), manager, {
    ...told(),
    orderRef: orderRefOf(one.house.keys, { memberId, orderId, visitId: null }),
  })

export const favour = (on: TestHouse, memberId: string, rewardId: string, wish = true) =>
  favourReward(on.as(memberId), { ...told(), rewardId, on: wish })

/** Does what may be refused. */
export async function attempt(work: Promise<unknown> | undefined): Promise<void> {
  await work?.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error
  })
}

/** Takes a merge back amid what others do with its records: looks again for as long as something else is under way. */
export async function undoneAmid({ one }: Everything, mergeId: string): Promise<void> {
  const { ctx } = await newStaff(one, { role: 'operator' })
  const wish = { mergeId, charge: 'survivor' } as const
  for (let looks = 1; ; looks++) {
    // somebody may have left the till without paying
    if (looks % 100 === 0) one.clock.pass(700_000)
    const { blockers, seal } = await previewUndo(ctx, wish)
    if (blockers.length > 0) {
      expect(blockers).toEqual([{ blocker: 'live_hold' }])
      continue
    }
    const done = await undoMerge(ctx, { ...told(), ...wish, note: '认错了人', seal }).catch((error: unknown) => {
      if (error instanceof Refusal && ['PREVIEW_CHANGED', 'MERGE_BLOCKED'].includes(error.fault.code)) return null
      throw error
    })
    if (done) return
  }
}
