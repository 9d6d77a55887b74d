import { randomUUID } from 'node:crypto'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { exchangeReward } from '../../bff/src/mall'
import { Refusal } from '../../bff/src/refusal'
import { seedRewards } from '../../prisma/seed/mall'
import { microsEach, startMeter } from './cpu'
import { actorCtx } from './crowd'
import type { Ground } from './ground'
import type { AtWork, Technique } from './hot-techniques'
import { runOf } from './rounds'

export const DROP_POINTS = 180

/** One drop: everybody tries once. Times in milliseconds from the first try. */
export interface Drop {
  /** When the last piece was somebody's. */
  goneAfter: number
  /** When the last buyer had an answer. */
  answeredAfter: number
  buyersPerSecond: number
  p50: number
  p99: number
  databaseMicros: number
  retries: number
  deadlocks: number
}

export interface Sale {
  buyers: number
  pieces: number
  /** How many ask at once. */
  lanes: number
}

/** Puts one reward up in the way the technique wants its stock. */
export async function putUp({ test }: Ground, { slots }: Technique, rewardId: string, stockTotal: number) {
  const wish = {
    rewardId,
    title: '白瓷小盏',
    subtitle: '只此一批',
    art: 'cup',
    kind: 'pickup' as const,
    rules: '门店领取。',
  }
  const numbered = slots === 'pieces'
  const rewards = [{ ...wish, points: DROP_POINTS, stockTotal, numbered }]
  await seedRewards(actorCtx(test.house, randomUUID()), rewards, numbered ? 1 : slots)
}

/** What the books say of one reward's buyers. */
async function booksOf(url: string, rewardId: string) {
  const { rows } = await runOnce(
    url,
    `SELECT (SELECT count(*)::int FROM redemption WHERE reward_id = $1) AS redemptions,
       (SELECT coalesce(sum(t.amount), 0)::int FROM transfer t JOIN redemption r
          ON t.member_id = r.member_id AND t.effect_kind = 'redemption' AND t.effect_source = r.redemption_id::text
          WHERE r.reward_id = $1) AS charged,
       (SELECT coalesce(sum(available_points), 0)::bigint FROM account) AS held,
       (SELECT coalesce(sum(remaining), 0)::int FROM reward_stock WHERE reward_id = $1) +
         (SELECT count(*)::int FROM reward_piece WHERE reward_id = $1 AND member_id IS NULL) AS "left",
       (SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()) AS deadlocks`,
    [rewardId],
  )
  return rows[0] as { redemptions: number; charged: number; held: string; left: number; deadlocks: number }
}

/** Lets the buyers run for the pieces, and checks every one of the books afterwards. @throws Error when one is wrong */
export async function runDrop(ground: Ground, { technique, sql, told }: AtWork, sale: Sale): Promise<Drop> {
  const { test, url, crowd } = ground
  const rewardId = `drop-${randomUUID().slice(0, 20)}`
  await putUp(ground, technique, rewardId, sale.pieces)
  const before = await booksOf(url, rewardId)
  const retried = told.retries
  const waits: number[] = []
  let [goneAfter, taken, refused] = [0, 0, 0]
  const stopMeter = await startMeter(process.pid, url)
  const startedAt = performance.now()
  const buy = async (memberId: string) => {
    const from = performance.now()
    const ctx = { ...actorCtx(test.house, memberId), sql }
    try {
      await exchangeReward(ctx, { requestId: randomUUID(), rewardId, points: DROP_POINTS })
      taken++
      goneAfter = performance.now() - startedAt
    } catch (error) {
      if (!(error instanceof Refusal && error.fault.code === 'REWARD_GONE')) throw error
      refused++
    }
    waits.push(performance.now() - from)
  }
  const queue = crowd.buyers.slice(0, sale.buyers)
  const lane = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) await buy(next.memberId)
  }
  await Promise.all(Array.from({ length: sale.lanes }, lane))
  const answeredAfter = performance.now() - startedAt
  const { database } = await stopMeter()
  const after = await booksOf(url, rewardId)
  const cost = sale.pieces * DROP_POINTS
  const found = [taken, refused, after.redemptions, after.left, after.charged, Number(before.held) - Number(after.held)]
  const should = [sale.pieces, sale.buyers - sale.pieces, sale.pieces, 0, cost, cost]
  if (found.join() !== should.join())
    throw new Error(
      `${technique.name}: taken, refused, redemptions, left, charged twice over are ${found}, not ${should}`,
    )
  const { p50, p99, perSecond } = runOf(waits, answeredAfter)
  return {
    goneAfter,
    answeredAfter,
    buyersPerSecond: perSecond,
    p50,
    p99,
    databaseMicros: microsEach(database, sale.buyers),
    retries: told.retries - retried,
    deadlocks: after.deadlocks - before.deadlocks,
  }
}
