import { randomInt, randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { award, oldCard } from '../member/member.fixture'
import { type Campaign, type Friend, referralRoom } from '../referral/referral.fixture'
import { releaseDueReferrals } from '../referral/release-due-referrals'
import { showReferral } from '../referral/show-referral'
import { snapshotOf } from './before-after.fixture'
import { merged, undone } from './undo.fixture'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
})
afterEach(async () => {
  await expectLedgerHolds(room.prisma)
  await expectPromisesHold(room.prisma, room.one.clock.at)
})
afterAll(() => room.close())

const release = async () => {
  room.one.clock.pass(16 * DAY_MS)
  await releaseDueReferrals(room.one.as(), { batch: 100 })
}
const codeOf = async ({ ctx }: Pick<Friend, 'ctx'>) => (await showReferral(ctx)).code
const merge = (survivor: { memberId: string }, other: { memberId: string }) =>
  merged(room.one, survivor.memberId, other.memberId)
const edge = async ({ memberId }: { memberId: string }) =>
  (await room.edges(memberId)).map(({ state, reason }) => [state, reason])
const spend = (memberId: string, points: number) =>
  room.one.house.sql('ledger_spend', {
    ...{ memberId, at: room.one.clock.at, kind: 'test', sourceId: randomUUID() },
    ...{ points, reason: 'exchange', detail: {} },
  })

/** Friends who brought friends, in every state that an edge can have, and some who are new only by half. */
async function circle(): Promise<{ memberId: string }[]> {
  const campaign = { perInviterCap: 2, budgetPoints: 500, holdDays: 15 }
  await room.campaign(campaign)
  const people: Friend[] = []
  for (let n = 0; n < 6; n++) {
    const by = people.length > 1 && randomInt(4) > 0 ? people[randomInt(people.length)] : undefined
    const friend = await room.join(by ? await codeOf(by) : undefined)
    people.push(friend)
    room.one.clock.pass(1_000)
    if (randomInt(3) > 0) await room.buy(friend.memberId)
    if (n === 3) await release()
  }
  for (const { memberId } of people)
    if ((await room.account(memberId)).availablePoints >= 40 && randomInt(2) > 0) await spend(memberId, 40)
  return [...people, await oldCard(room.one, { points: 0 })]
}

const everything = async (people: { memberId: string }[]) => ({
  rows: await snapshotOf(
    room.prisma,
    people.map(({ memberId }) => memberId),
  ),
  campaigns: await room.prisma.referralCampaign.findMany({ orderBy: { campaignId: 'asc' } }),
})

test('I-ID4: two merges among friends who brought each other, taken back: every edge, place and point is as it was', async () => {
  for (let round = 0; round < 8; round++) {
    const people = await circle()
    const [a, b, c] = people.sort(() => randomInt(3) - 1) as [Friend, Friend, Friend]
    for (const { memberId } of people)
      await room.one.house.sql('ledger_settle_lots', { memberId, at: room.one.clock.at })
    const before = await everything(people)
    const first = await merge(b, c)
    const between = await everything(people)
    const second = await merge(a, b)
    await expectPromisesHold(room.prisma, room.one.clock.at)
    await undone(room.one, second)
    expect(await everything(people)).toEqual(between)
    await undone(room.one, first)
    expect(await everything(people)).toEqual(before)
  }
})
