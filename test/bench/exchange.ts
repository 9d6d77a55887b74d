import { randomInt, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { exchangeReward } from '../../bff/src/mall'
import { STOCK_SLOTS } from '../../prisma/seed/mall'
import { actorCtx, type Buyer } from './crowd'
import { CLIENTS, type Ground } from './ground'
import { HOT_REWARD, REWARD_POINTS, spreadReward } from './rewards'
import { type Contestant, pump } from './rounds'
import { oneAfterTheOther } from './settle'

interface Exchanging {
  /** All of the crowd unless told otherwise. */
  buyers?: Buyer[]
  lanes?: number
}

/** The verb as the router calls it: members in turn, for rewards in turn or all for the same one. */
export function exchangeVerb(
  name: string,
  { test, crowd }: Ground,
  which: 'spread' | 'hot',
  { buyers = crowd.buyers, lanes = CLIENTS }: Exchanging = {},
): Contestant {
  const members = oneAfterTheOther(buyers.map(({ memberId }) => actorCtx(test.house, memberId)))
  let turn = 0
  const exchange = () => {
    const rewardId = which === 'hot' ? HOT_REWARD : spreadReward(turn++)
    return exchangeReward(members(), { requestId: randomUUID(), rewardId, points: REWARD_POINTS })
  }
  return { name, run: (ms) => pump(lanes, ms, exchange) }
}

/** A function that writes the same rows from plain arguments and asks nothing: the ceiling. */
export function bareExchange(name: string, { crowd }: Ground, pool: pg.Pool): Contestant {
  const buyers = oneAfterTheOther(crowd.buyers)
  let turn = 0
  const exchange = async () => {
    const { memberId, lotId } = buyers()
    const values = [memberId, lotId, spreadReward(turn++), randomInt(STOCK_SLOTS), REWARD_POINTS]
    await pool.query({ name: 'bare_exchange', text: 'SELECT bench_exchange($1,$2,$3,$4,$5) AS answer', values })
  }
  return { name, run: (ms) => pump(CLIENTS, ms, exchange) }
}
