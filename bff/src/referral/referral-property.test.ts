import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { throws } from '../../../test/support/dice'
import { expectFriendsHold } from '../../../test/support/friends'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { expectPromisesHold } from '../../../test/support/promises'
import { times } from '../member/member.fixture'
import { referralRoom } from './referral.fixture'
import { act, referralWorld } from './referral-world.fixture'
import { releaseDueReferrals } from './release-due-referrals'
import { showReferral } from './show-referral'

const database = testDatabase()
let room: ReturnType<typeof referralRoom>
beforeAll(async () => {
  room = referralRoom(database.url)
  await room.open()
})
afterAll(() => room.close())

const TERMS = { perInviterCap: 3, budgetPoints: 600 }

test('I-F1 to I-F4: whatever friends, tills, operators, leavers and jobs do at once over two houses', async () => {
  const told: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ days: fc.constantFrom(0, 0, 1, 16), acts: fc.array(act, { minLength: 4, maxLength: 12 }) }),
        {
          minLength: 5,
          maxLength: 7,
        },
      ),
      fc.boolean(),
      async (rounds, leaving) => {
        const world = await referralWorld(room, TERMS, leaving)
        for (const { days, acts } of rounds) {
          room.one.clock.pass(days * DAY_MS + 1)
          for (const code of await world.round(acts)) told[code] = (told[code] ?? 0) + 1
          await expectFriendsHold(room.prisma)
          await expectPromisesHold(room.prisma, room.one.clock.at)
        }
        await expectLedgerHolds(room.prisma)
      },
    ),
    { numRuns: throws(5), endOnFailure: true },
  )
  const states = await room.prisma.referral.groupBy({ by: ['state', 'reason'], _count: true })
  // a world in which nothing much happens would hold every promise
  expect(new Set(states.map(({ state }) => state)).size).toBeGreaterThanOrEqual(3)
  expect(Object.keys(told)).not.toContain('UNKNOWN')
}, 240_000)

const words = async ({ ctx }: { ctx: Parameters<typeof showReferral>[0] }) =>
  (await showReferral(ctx)).friends.map((friend) => friend.words)

test('1,000 friends qualify at once with a budget for 100: 100 are paid, by workers of two houses, and 900 are told why', async () => {
  const campaign = await room.campaign({ budgetPoints: 10_000, perInviterCap: 1_000 })
  const { campaignId } = campaign
  const inviters = await Promise.all(times(20, () => room.inviter()))
  const at = room.one.clock.at
  const people = inviters.map(({ memberId, code }) => ({ memberId, code }))
  const friends = await room.prisma.$queryRaw<{ memberId: string }[]>`
    WITH many AS (SELECT gen_random_uuid() AS id, i."memberId"::uuid AS inviter, i.code, row_number() OVER () AS n
        FROM jsonb_to_recordset(${JSON.stringify(people)}::jsonb) AS i("memberId" text, code text), generate_series(1, 50)),
      members AS (INSERT INTO member (member_id, member_no, status, joined_at, last_active_at, join_channel)
        SELECT id, '8' || lpad(n::text, 15, '0'), 'active', ${at}, ${at}, 'friend' FROM many)
    INSERT INTO referral (member_id, referral_id, inviter_id, code, campaign_id, state, joined_at)
      SELECT id, uuid_v7(${at}), inviter, code, ${campaignId}, 'joined', ${at} FROM many RETURNING member_id AS "memberId"`
  const qualify = ({ memberId }: { memberId: string }, n: number) =>
    room.at(n).house.sql('referral_on_order', { memberId, orderId: randomUUID(), amountFen: 3_000, at })
  await Promise.all(friends.map(qualify))
  room.one.clock.pass(16 * DAY_MS)
  // the workers pay what is due of the world before as well, so what counts is what is left of this campaign
  const held = () => room.prisma.referral.count({ where: { campaignId, state: 'held' } })
  for (let rounds = 0; rounds < 40 && (await held()) > 0; rounds++)
    await Promise.all(times(4, (n) => releaseDueReferrals(room.at(n).as(), { batch: 50 })))
  const edges = await room.prisma.referral.groupBy({ by: ['state', 'reason'], where: { campaignId }, _count: true })
  expect(edges.map(({ state, reason, _count }) => [state, reason, _count]).sort()).toEqual([
    ['refused', 'budget', 900],
    ['released', null, 100],
  ])
  expect(await room.spent(campaign)).toBe(10_000)
  const accounts = await Promise.all(inviters.map(({ memberId }) => room.account(memberId)))
  expect(accounts.reduce((sum, { availablePoints }) => sum + availablePoints, 0)).toBe(10_000)
  const told = (await Promise.all(inviters.map(words))).flat()
  expect(told.filter((line) => line === '这一期的奖励已经发完')).toHaveLength(900)
  expect(told.filter((line) => /到账$/.test(line))).toHaveLength(100)
})
