import { randomUUID } from 'node:crypto'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import pg from 'pg'
import { seedRewards } from '../../../prisma/seed/mall'
import { type Colleague, newStaff, type TestHouse, testHouse } from '../../../test/support/people'
import type { Ctx } from '../ctx'
import { newRight } from '../right/right.fixture'
import { EARLY_QUOTA, type PaperReward } from './ledger-property-sheet.fixture'

const DAY = 86_400_000
const STAY_YEARS = 20
/** The early reward stays early however long a sequence lasts. */
const [PUBLIC_IN_DAYS, EARLY_HOURS] = [1_200, 30_000]

/** Two houses on one database, as two server processes, and a shop that all sequences of one lane share. */
export interface Lane {
  houses: [TestHouse, TestHouse]
  pool: pg.Pool
  manager: Colleague
}

/** @param lanes how many sequences run side by side */
export async function openLanes(url: string, lanes: number): Promise<{ lanes: Lane[]; close: () => Promise<void> }> {
  const policy = { ...DEMO_POLICY, graceDays: 4 }
  const one = testHouse(url, { connections: 3 * lanes, policy })
  const other = testHouse(url, { connections: 3 * lanes, policy, clock: one.clock })
  const pool = new pg.Pool({ connectionString: url, max: lanes, options: '-c timezone=UTC' })
  // everybody has it: early access, once a month
  await newRight(one, { tierFrom: 1, hours: EARLY_HOURS, quota: EARLY_QUOTA, period: 'month' })
  const made: Lane[] = []
  for (let n = 0; n < lanes; n++)
    made.push({ houses: [one, other], pool, manager: await newStaff(one, { role: 'manager' }) })
  const close = async () => void (await Promise.all([one.close(), other.close(), pool.end()]))
  return { lanes: made, close }
}

const REWARDS = [
  { points: 12, left: 2, limit: null, numbered: true, early: false },
  { points: 8, left: 3, limit: 1, numbered: false, early: false },
  { points: 20, left: null, limit: null, numbered: false, early: false },
  { points: 5, left: null, limit: null, numbered: false, early: true },
]

/** Three people who have just joined, in one round trip. → their ids */
export async function openMembers({ pool, houses }: Lane, at: Date): Promise<string[]> {
  const members = [randomUUID(), randomUUID(), randomUUID()].sort()
  const validUntil = new Date(at.getTime() + 900 * DAY)
  const people = members.map((memberId) => ({
    ...{
      memberId,
      memberNo: `8${BigInt(`0x${memberId.slice(24)}`)
        .toString()
        .padStart(15, '0')
        .slice(-15)}`,
    },
    ...{ nameSealed: null, at, validUntil, arrival: { channel: 'test' } },
  }))
  const open = houses[0].house.registry.openSteps.map((step) => `, ${step}(who)`).join('')
  await pool.query(`SELECT member_create(who)${open} FROM jsonb_array_elements($1::jsonb) who`, [
    JSON.stringify(people),
  ])
  return members
}

/** A visit of each that does not end. → memberId → visitId */
export async function openVisits(
  { pool, manager }: Lane,
  members: string[],
  at: Date,
): Promise<Record<string, string>> {
  const visits = members.map(() => randomUUID())
  await pool.query(
    `INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
     SELECT member_id, visit_id, $3, $4, $5, 'code', left(visit_id::text, 10), 1, $6, $6::timestamptz + interval '${STAY_YEARS} years'
     FROM unnest($1::uuid[], $2::uuid[]) stay (member_id, visit_id)`,
    [members, visits, manager.storeId, manager.tillId, manager.memberId, at],
  )
  return Object.fromEntries(members.map((memberId, n) => [memberId, visits[n] as string]))
}

/** Rewards of one's own: a numbered edition, one with a limit for each, one without end, one that only a right opens yet. → by rewardId */
export async function openRewards(ctx: Ctx): Promise<Record<string, PaperReward>> {
  const wishes = REWARDS.map(({ points, left, limit, numbered, early }) => ({
    ...{ rewardId: `r-${randomUUID().slice(0, 20)}`, title: '桂花乌龙', subtitle: '现泡一杯', art: 'cup', numbered },
    ...{ kind: 'pickup' as const, points, rules: '任一门店领取。' },
    ...(left === null ? {} : { stockTotal: left }),
    ...(limit === null ? {} : { perPersonLimit: limit }),
    ...(early ? { publicInDays: PUBLIC_IN_DAYS, earlyHours: EARLY_HOURS } : {}),
  }))
  await seedRewards(ctx, wishes, 2)
  return Object.fromEntries(wishes.map(({ rewardId }, n) => [rewardId, REWARDS[n] as PaperReward]))
}
