import { randomUUID } from 'node:crypto'
import type { Prisma } from '@huiyuan/prisma/client'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Colleague, newMember, newStaff, type TestHouse } from '../../../test/support/people'
import { newTemplate } from '../coupon/coupon.fixture'
import { inTx } from '../ctx'
import { mergeMember, survivingId } from '../member'
import { undoneBeside } from '../merge/undo.fixture'
import { memberRefOf } from '../visit'
import { appealSubmission } from './appeal-submission'
import {
  approve,
  buy,
  checkIn,
  giveBack,
  handIn,
  newCounted,
  newHandIn,
  newObligation,
  newPicture,
  reject,
  takeUp,
  tellPicture,
} from './obligation.fixture'
import { submissionRefOf } from './submission-ref'

/** Somebody, as the first record was called; a merge may have made them another's by now. */
interface Somebody {
  memberId: string
  orders: string[]
  pictures: string[]
}

export type DeedName = keyof ReturnType<typeof deedsOf>
export interface Deed {
  what: DeedName
  who: number
  nth: number
}

export interface World {
  one: TestHouse
  at: (n: number) => TestHouse
  crew: { clerk: Colleague; manager: Colleague; bosses: Colleague[] }
  people: Somebody[]
  /** Where a friend's reward may come from. */
  sources: string[]
  duties: { obligationId: string; title: string; proof: string; wants: Prisma.JsonValue }[]
}

export async function openCrew(one: TestHouse): Promise<World['crew']> {
  const clerk = await newStaff(one)
  const bosses = [await newStaff(one, { role: 'operator', shop: clerk }), await newStaff(one, { role: 'operator' })]
  return { clerk, manager: await newStaff(one, { role: 'manager', shop: clerk }), bosses }
}

/** Every way in which a step is proven, each with a budget that is soon gone. */
export async function newWorld(one: TestHouse, other: TestHouse, crew: World['crew']): Promise<World> {
  const rewardCoupon = await newTemplate(one, { validDays: 30, totalLimit: 3 })
  const endsAt = new Date(one.clock.at.getTime() + 20 * DAY_MS)
  const budget = { budgetPoints: 220, endsAt }
  const duties = [
    await newCounted(one, { ...budget, target: 2, period: 'weekly', rewardCoupon }),
    await newCounted(one, { ...budget, counts: 'friend_rewarded', kind: 'invite', target: 2, rewardCoupon }),
    await newHandIn(one, { ...budget, target: 2, period: 'weekly', mostTries: 2 }),
    await newHandIn(one, { ...budget, wants: { photos: { min: 1, max: 1 } }, dueDays: 12 }),
    await newObligation(one, { ...budget, period: 'daily', honour: { name: '常客', termMonths: 12 } }),
  ]
  const people: Somebody[] = []
  for (let n = 0; n < 4; n++) people.push({ memberId: (await newMember(one)).memberId, orders: [], pictures: [] })
  const sources = Array.from({ length: 5 }, () => randomUUID())
  return { one, at: (n) => (n % 2 ? other : one), crew, people, sources, duties }
}

const nthOf = <T>(list: readonly T[], nth: number): T => list[nth % list.length] as T

/** What members do and what happens to them. */
const ownDeeds = ({ one, crew, duties, sources }: World) => ({
  accept: ({ memberId }: Somebody, on: TestHouse, nth: number) =>
    takeUp({ ctx: on.as(memberId) }, nthOf(duties, nth).obligationId),
  buy: async (who: Somebody, on: TestHouse, nth: number) => {
    const owner = await survivingId(one.as().db, who.memberId)
    who.orders.push(await buy(on, crew.clerk, owner, 1_000 + nth))
  },
  giveBack: async ({ memberId, orders }: Somebody, on: TestHouse, nth: number) => {
    const orderId = nthOf(orders, nth)
    if (orderId) await giveBack(on, crew.manager, await survivingId(one.as().db, memberId), orderId)
  },
  count: ({ memberId }: Somebody, on: TestHouse, nth: number) => {
    const asked = { memberId, counts: 'friend_rewarded', sourceId: nthOf(sources, nth), at: one.clock.at }
    return on.house.sql('obligation_count', { ...asked, expiresAt: new Date(one.clock.at.getTime() + 300 * DAY_MS) })
  },
  retract: ({ memberId }: Somebody, on: TestHouse, nth: number) =>
    on.house.sql('obligation_retract', {
      ...{ memberId, counts: 'friend_rewarded', sourceId: nthOf(sources, nth), at: one.clock.at },
    }),
  submit: ({ memberId }: Somebody, on: TestHouse, nth: number) =>
    handIn(on.as(memberId), (duties[2] as World['duties'][0]).obligationId, { rating: 1 + (nth % 5) }),
  show: async (who: Somebody, on: TestHouse) => {
    const owner = await survivingId(one.as().db, who.memberId)
    const uploadId = await newPicture(on, { memberId: owner }, 'checking')
    who.pictures.push(uploadId)
    const bare = { text: undefined, rating: undefined, uploadIds: [uploadId] }
    await handIn(on.as(who.memberId), (duties[3] as World['duties'][0]).obligationId, bare)
  },
  look: async ({ memberId, pictures }: Somebody, on: TestHouse, nth: number) => {
    const owner = { memberId: await survivingId(one.as().db, memberId) }
    const uploadId = nthOf(pictures, nth)
    if (uploadId) await tellPicture(on, owner, uploadId, nthOf(['passed', 'refused', 'doubtful'] as const, nth))
  },
  checkIn: async ({ memberId }: Somebody, on: TestHouse) => {
    const owner = await survivingId(one.as().db, memberId)
    const { storeId, tillId, memberId: staffId } = crew.clerk
    const [visitId, openedAt] = [randomUUID(), one.clock.at]
    const expiresAt = new Date(openedAt.getTime() + 600_000)
    const seat = { visitId, storeId, tillId, staffId, openedAt, expiresAt, method: 'code' as const }
    await one.as().db.visit.create({ data: { memberId: owner, handle: randomUUID().slice(0, 10), step: 1n, ...seat } })
    const visit = { visitId, memberRef: memberRefOf(one.house.keys, visitId, owner) }
    await checkIn(on, crew.clerk, visit, (duties[4] as World['duties'][0]).obligationId)
  },
})

/** What operators do. */
const deskDeeds = ({ one, crew, people }: World) => {
  const caseOf = async (nth: number, appeal: boolean) => {
    const all = await one.as().db.obligationSubmission.findMany({
      where: appeal ? { appeal: 'asked' } : { state: { in: ['waiting', 'approved'] } },
      orderBy: { submittedAt: 'desc' },
      take: 6,
    })
    const chosen = all.length > 0 ? nthOf(all, nth) : null
    return chosen && submissionRefOf(one.house.keys, chosen)
  }
  return {
    decide: async (_who: Somebody, on: TestHouse, nth: number) => {
      const caseRef = await caseOf(nth, nth % 3 === 0)
      if (!caseRef) return
      const by = on.as(nthOf(crew.bosses, nth).memberId)
      await (nth % 5 < 2 ? reject(by, caseRef) : approve(by, caseRef))
    },
    appeal: async ({ memberId }: Somebody, on: TestHouse) => {
      const owner = await survivingId(one.as().db, memberId)
      const where = { memberId: owner, state: 'rejected', appeal: 'none' }
      const last = await one.as().db.obligationSubmission.findFirst({ where, orderBy: { submittedAt: 'desc' } })
      if (!last) return
      const asked = { requestId: randomUUID(), submissionId: last.submissionId, words: '请再看一眼' }
      await appealSubmission(on.as(memberId), asked)
    },
    merge: async ({ memberId }: Somebody, on: TestHouse, nth: number) => {
      const db = one.as().db
      const [dst, src] = [await survivingId(db, memberId), await survivingId(db, nthOf(people, nth).memberId)]
      if (dst !== src) await inTx(on.as(), (tx) => mergeMember(tx, dst, src))
    },
    undo: async (_who: Somebody, on: TestHouse, nth: number) => {
      const latest = { orderBy: [{ at: 'desc' as const }, { mergeId: 'desc' as const }], skip: nth % 3 }
      const merge = await one.as().db.mergeRecord.findFirst(latest)
      if (merge) await undoneBeside(on, merge.mergeId, nth % 2 ? 'survivor' : 'programme')
    },
  }
}

export const deedsOf = (world: World) => ({ ...ownDeeds(world), ...deskDeeds(world) })
