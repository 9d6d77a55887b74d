import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { newMember, newPhone, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { settleOrder } from '../order'
import { showHome } from './show-home'

const database = testDatabase()
let house: TestHouse
beforeAll(() => {
  house = testHouse(database.url)
})
afterAll(() => house.close())

const giveLot = async (memberId: string, remaining: number, endsInDays: number) => {
  const [lotId, now] = [randomUUID(), house.clock.at.getTime()]
  await house.as().db.lot.create({
    data: {
      memberId,
      lotId,
      originLotId: lotId,
      state: 'active',
      earned: remaining,
      remaining,
      activeAt: new Date(now - DAY_MS),
      expiresAt: new Date(now + endsInDays * DAY_MS),
      effectKind: 'test',
      effectSource: lotId,
    },
  })
}

test('a newcomer sees an empty card, the shops, and what to do first', async () => {
  const clerk = await newStaff(house)
  const { ctx, memberNo } = await newMember(house)
  const { card, today, stores, asOf } = await showHome(ctx)
  expect(asOf).toBe(house.clock.at.toISOString())
  expect(card).toEqual({
    memberNo,
    displayName: '林小满',
    tier: 1,
    tierUntil: null,
    points: 0,
    pendingPoints: 0,
    nextPendingAt: null,
    debtPoints: 0,
    growth: 0,
    nextTier: { tier: 2, needGrowth: 1_000, atGrowth: 1_000, fromGrowth: 0 },
  })
  expect(today).toEqual([{ kind: 'first_code' }])
  expect(stores.map(({ storeId }) => storeId)).toContain(clerk.storeId)
})

test('a purchase shows what is pending, since when it counts, and the tier it led to', async () => {
  const clerk = await newStaff(house)
  const member = await newMember(house)
  const { visitId, memberRef } = await newVisit(house, member, clerk)
  await settleOrder(clerk.ctx, clerk, { requestId: randomUUID(), visitId, memberRef, amountFen: 120_000 })
  const { card, today } = await showHome(member.ctx)
  expect(card).toMatchObject({ tier: 2, tierUntil: '2027-11-30T15:59:59.999Z', points: 0, pendingPoints: 1_200 })
  expect(card.nextPendingAt).toBe('2026-12-06T16:00:00.000Z')
  expect(today).toEqual([{ kind: 'points_maturing', points: 1_200, activeAt: '2026-12-06T16:00:00.000Z' }])
})

test('points that end soon are told, those of the nearest end taken together', async () => {
  const { ctx, memberId } = await newMember(house)
  await newPhone({ ctx })
  for (const [remaining, endsInDays] of [
    [30, 5],
    [20, 5],
    [70, 9],
    [90, 300],
  ] as const)
    await giveLot(memberId, remaining, endsInDays)
  const expiresAt = new Date(house.clock.at.getTime() + 5 * DAY_MS).toISOString()
  expect((await showHome(ctx)).today).toEqual([{ kind: 'points_expiring', points: 50, expiresAt }])
})

test('an old card that waits comes first; one that was settled or is out of tries is no longer told', async () => {
  const { ctx, memberId } = await newMember(house)
  const holder = await newMember(house)
  await ctx.db.account.update({ where: { memberId: holder.memberId }, data: { availablePoints: 320 } })
  const claim = { memberId, claimId: randomUUID(), holderId: holder.memberId, triesLeft: 3 }
  await ctx.db.claim.create({ data: { ...claim, expiresAt: new Date(house.clock.at.getTime() + DAY_MS) } })
  const { today } = await showHome(ctx)
  expect(today).toEqual([{ kind: 'claim_card', claimId: claim.claimId, points: 320 }, { kind: 'first_code' }])
  await ctx.db.claim.updateMany({ where: { memberId }, data: { triesLeft: 0 } })
  expect((await showHome(ctx)).today).toEqual([{ kind: 'first_code' }])
})

test('somebody who has just been merged into another record signs in afresh', async () => {
  const [kept, gone] = [await newMember(house), await newMember(house)]
  await inTx(house.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
  await refusalOf(showHome(gone.ctx), 'SESSION_OVER')
})
