import { randomUUID } from 'node:crypto'
import { businessDay } from '@huiyuan/shared/time'
import { seedProduct } from '../../../prisma/seed/product'
import { type Colleague, newStaff, type TestHouse } from '../../../test/support/people'
import { claimCoupon } from '../coupon/claim-coupon'
import { grant, newTemplate } from '../coupon/coupon.fixture'
import { newGift, newGiftOf } from '../gift/gift.fixture'
import { openGift } from '../gift/open-gift'
import { cancelOverdueRedemptions } from '../mall/cancel-overdue-redemptions'
import { cancelRedemption } from '../mall/cancel-redemption'
import { handOverRedemption } from '../mall/hand-over-redemption'
import { makeRedemptionsReady } from '../mall/make-redemptions-ready'
import { exchange, newReward } from '../mall/mall.fixture'
import { survivingId } from '../member'
import { award } from '../member/member.fixture'
import { setBirthday } from '../member/set-birthday'
import { checkIn, newObligation } from '../obligation/obligation.fixture'
import { referralRoom } from '../referral/referral.fixture'
import { releaseDueReferrals } from '../referral/release-due-referrals'
import { newRight, newRightOf } from '../right/right.fixture'
import { memberRefOf } from '../visit'
import { holdOrder } from './hold-order'
import { orderRefOf } from './order-ref'
import { quoteOrder } from './quote-order'
import { releaseDueHolds } from './release-due-holds'
import { releaseHold } from './release-hold'
import { returnOrder } from './return-order'
import { settleOrder } from './settle-order'

interface Stay {
  visitId: string
  memberRef: string
}

/** Somebody, as the first record was called; a merge may have made them another's by now. */
export interface Somebody {
  memberId: string
  visit: Stay
  holds: { holdId: string; visit: Stay }[]
  orders: string[]
}

/** What can happen to `who` on one of the two processes; `nth` chooses among what there is. */
export type Deed = (who: Somebody, on: TestHouse, nth: number) => Promise<unknown>

/** Two processes, a clerk and their manager. */
export async function openRoom(url: string) {
  const room = referralRoom(url)
  await room.open()
  const { one, prisma } = room
  await seedProduct(one.as())
  const clerk = await newStaff(one)
  return { room, one, prisma, clerk, manager: await newStaff(one, { role: 'manager', shop: clerk }) }
}

type Room = Awaited<ReturnType<typeof openRoom>>

/** A brand's offers, all of them scarce. */
async function openOffers({ room, one, prisma }: Room) {
  const taster = await newReward(one, { stockTotal: 3, slots: 2, listed: false })
  const rewards = [
    await newReward(one, { points: 60, stockTotal: 3, numbered: true }),
    await newReward(one, { points: 40, stockTotal: 4, slots: 2, perPersonLimit: 2, prepareHours: 2 }),
    await newReward(one, { points: 30, kind: 'coupon', couponTemplateId: 'mall_8', perPersonLimit: 2 }),
    // open to nobody but by a right that is there twice a month
    await newReward(one, { points: 20, stockTotal: 5, publicInDays: 400, earlyHours: 9_600 }),
    await newReward(one, { points: 10, kind: 'partner_code', codes: [randomUUID(), randomUUID()] }),
  ]
  await newRight(one, { tierFrom: 1, quota: 2, period: 'month', hours: 9_600 })
  const pickups = [{ rewardId: taster.rewardId, title: taster.title, days: 7 }]
  // a price that is there once a day, and a coupon that goes with any other one
  await newRightOf(one, 'member_price', { prices: { black_pouch: 5_000 } }, { tierFrom: 1, quota: 1, period: 'day' })
  const besideId = await newTemplate(one, { amountOffFen: 200, thresholdFen: 0, stackingGroup: 'beside' })
  const gifts = [
    await newGift(one, { pickups, stock: 5, pointsBudget: 400 }),
    (await newGiftOf(one, 'birthday', { stock: 4 })).giftId,
    (await newGiftOf(one, 'trial_pack', { pickups })).giftId,
  ]
  const templateId = `rare-${randomUUID().slice(0, 8)}`
  const rare = { templateId, title: '满 1 减 1', kind: 'amount_off', amountOffFen: 100 }
  await prisma.couponTemplate.create({
    data: { ...rare, validDays: 3, totalLimit: 4, perPersonLimit: 1, claimable: true, rules: '只有几张。' },
  })
  const duty = await newObligation(one, { budgetPoints: 110, honour: { name: '常客', termMonths: 12 } })
  await room.campaign({ holdDays: 1, perInviterCap: 2, budgetPoints: 300 })
  return { rewards, gifts, templateId, besideId, duty }
}

export type Everything = Room & Awaited<ReturnType<typeof openOffers>>

export const openEverything = async (room: Room): Promise<Everything> => ({ ...room, ...(await openOffers(room)) })

/** A live code at the till, without the scan. */
export async function arrive({ one, prisma, clerk }: Room, memberId: string): Promise<Stay> {
  const owner = await survivingId(prisma, memberId)
  const { storeId, tillId, memberId: staffId } = clerk
  const visitId = randomUUID()
  const openedAt = one.clock.at
  const expiresAt = new Date(openedAt.getTime() + 600_000)
  const seat = { visitId, storeId, tillId, staffId, openedAt, expiresAt }
  await prisma.visit.create({
    data: { memberId: owner, method: 'code', handle: randomUUID().slice(0, 10), step: 1n, ...seat },
  })
  return { visitId, memberRef: memberRefOf(one.house.keys, visitId, owner) }
}

/** Two who bring friends, and friends who came by their links; some have points. */
export async function newCircle(all: Everything): Promise<Somebody[]> {
  const { room, one } = all
  const inviters = [await room.inviter(), await room.inviter()]
  const joined = []
  for (let n = 0; n < 6; n++) joined.push(await room.join(inviters[n % 2]?.code, { in: room.at(n) }))
  const people: Somebody[] = []
  for (const { memberId } of [...inviters, ...joined]) {
    if (people.length % 3 === 0) await award(one, memberId, { points: 330, expiresInDays: 3 })
    if (people.length % 2 === 0) await grant(one, memberId, all.besideId)
    people.push({ memberId, visit: await arrive(all, memberId), holds: [], orders: [] })
  }
  return people
}

const LINES = [
  { sku: 'black_pouch', qty: 1 },
  { sku: 'longjing_hot', qty: 2 },
]

const nthOf = <T>(list: readonly T[], nth: number): T | undefined => list[nth % list.length]
const told = () => ({ requestId: randomUUID() })

const waitingOf = ({ prisma }: Everything, memberId: string) =>
  prisma.redemption.findMany({
    where: { memberId, state: { in: ['placed', 'ready'] } },
    orderBy: { redemptionId: 'asc' },
  })

const counterDeeds = (all: Everything): Record<string, Deed> => {
  const { prisma, clerk, manager } = all
  const at = (on: TestHouse, by: Colleague) => [on.as(by.memberId), by] as const
  return {
    buy: async ({ visit, orders }, on, nth) => {
      const paid = { ...told(), ...visit, amountFen: 500 + 700 * nth }
      // a command sent twice at once
      const [order] = await Promise.all([
        settleOrder(...at(on, clerk), paid),
        settleOrder(...at(all.room.at(nth), clerk), paid),
      ])
      orders.push(order.orderId)
    },
    hold: async ({ visit, holds }, on, nth) => {
      const fullFen = 3_000 + 500 * nth
      const cart = nth % 3 === 0 ? { fullFen } : { fullFen, lines: LINES.slice(0, nth % 3) }
      const quote = await quoteOrder(...at(on, clerk), { ...visit, ...cart, points: nth % 2 ? 'most' : 0 })
      const { payableFen, couponIds, pointsPay } = quote
      const price = { couponIds, points: pointsPay.used, payableFen }
      const held = await holdOrder(...at(on, clerk), { ...told(), ...visit, ...cart, ...price })
      holds.push({ holdId: held.holdId, visit })
    },
    settle: async ({ holds, orders }, on, nth) => {
      const held = nthOf(holds, nth)
      if (!held) return
      const order = { ...told(), ...held.visit, holdId: held.holdId }
      orders.push((await settleOrder(...at(on, clerk), order)).orderId)
    },
    release: async ({ holds }, on, nth) => {
      const held = nthOf(holds, nth)
      if (held) await releaseHold(...at(on, clerk), { ...told(), ...held.visit, holdId: held.holdId })
    },
    giveBack: async ({ memberId, orders }, on, nth) => {
      const orderId = nthOf(orders, nth)
      if (!orderId) return
      const orderRef = orderRefOf(on.house.keys, {
        memberId: await survivingId(prisma, memberId),
        orderId,
        visitId: null,
      })
      await returnOrder(...at(on, manager), { ...told(), orderRef })
    },
    giveSome: async ({ memberId, orders }, on, nth) => {
      const orderId = nthOf(orders, nth)
      if (!orderId) return
      const named = { memberId: await survivingId(prisma, memberId), orderId, visitId: null }
      const part = nth % 2 ? { lines: [{ lineNo: 1, qty: 1 }] } : { refundFen: 300 + nth }
      await returnOrder(...at(on, manager), { ...told(), orderRef: orderRefOf(on.house.keys, named), ...part })
    },
    handOver: async ({ memberId, visit }, on, nth) => {
      const code = nthOf(
        await prisma.pickupCode.findMany({ where: { memberId: await survivingId(prisma, memberId) } }),
        nth,
      )
      if (code) await handOverRedemption(...at(on, clerk), { ...told(), ...visit, pickupCode: code.code })
    },
    checkIn: ({ visit }, on) => checkIn(on, clerk, visit, all.duty.obligationId),
  }
}

const phoneDeeds = (all: Everything): Record<string, Deed> => ({
  exchange: ({ memberId }, on, nth) => exchange(on.as(memberId), nthOf(all.rewards, nth) as (typeof all.rewards)[0]),
  cancel: async ({ memberId }, on, nth) => {
    const owner = await survivingId(all.prisma, memberId)
    const one = nthOf(await waitingOf(all, owner), nth)
    if (one) await cancelRedemption(on.as(memberId), { ...told(), redemptionId: one.redemptionId })
  },
  open: async ({ memberId }, on, nth) => {
    // who opens on their birthday has said which day that is
    const { month, day } = businessDay(all.one.clock.at)
    if (nth % all.gifts.length === 1) await setBirthday(on.as(memberId), { ...told(), month, day })
    return openGift(on.as(memberId), { ...told(), giftId: nthOf(all.gifts, nth) as string })
  },
  claim: ({ memberId }, on) => claimCoupon(on.as(memberId), { ...told(), templateId: all.templateId }),
  earn: ({ memberId }, on) => award(on, memberId, { points: 90, expiresInDays: 4 }),
})

const jobDeeds: Record<string, Deed> = {
  payFriends: (_who, on) => releaseDueReferrals(on.as(), { batch: 50 }),
  endHolds: (_who, on) => releaseDueHolds(on.as(), { batch: 50 }),
  makeReady: (_who, on) => makeRedemptionsReady(on.as(), { batch: 50 }),
  endPickups: (_who, on) => cancelOverdueRedemptions(on.as(), { batch: 50 }),
}

export const deedsOf = (all: Everything): Record<string, Deed> => ({
  ...counterDeeds(all),
  ...phoneDeeds(all),
  ...jobDeeds,
})
