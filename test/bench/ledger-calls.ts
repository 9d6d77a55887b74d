import { randomUUID } from 'node:crypto'
import { DAY_MS } from '@huiyuan/shared/time'
import type pg from 'pg'
import type { Buyer } from './crowd'
import { CLIENTS, type Ground } from './ground'
import { REWARD_POINTS } from './rewards'
import { type Contestant, pump } from './rounds'
import { oneAfterTheOther } from './settle'

const EARNED = 68

/** One of the ledger's functions by itself, for members in turn. */
export function spendCall(name: string, { test }: Ground, buyers: Buyer[], lanes = CLIENTS): Contestant {
  const members = oneAfterTheOther(buyers)
  const spend = () =>
    test.house.sql('ledger_spend', {
      memberId: members().memberId,
      at: test.house.now(),
      kind: 'bench',
      sourceId: randomUUID(),
      points: REWARD_POINTS,
      reason: 'exchange',
      detail: { title: '桂花乌龙 一盏' },
    })
  return { name, run: (ms) => pump(lanes, ms, spend) }
}

export function awardCall(name: string, { test }: Ground, buyers: Buyer[], lanes = CLIENTS): Contestant {
  const members = oneAfterTheOther(buyers)
  const award = () => {
    const at = test.house.now()
    return test.house.sql('ledger_award', {
      memberId: members().memberId,
      at,
      kind: 'bench',
      sourceId: randomUUID(),
      points: EARNED,
      growth: EARNED,
      activeAt: new Date(at.getTime() + 15 * DAY_MS),
      expiresAt: new Date(at.getTime() + 365 * DAY_MS),
      reason: 'purchase',
      detail: { storeName: '湖滨店' },
    })
  }
  return { name, run: (ms) => pump(lanes, ms, award) }
}

/** Functions that write the same rows from plain arguments and ask nothing: the ceilings. */
export function bareSpend(name: string, pool: pg.Pool, buyers: Buyer[]): Contestant {
  const members = oneAfterTheOther(buyers)
  const spend = () => {
    const { memberId, lotId } = members()
    return pool.query({ name, text: 'SELECT bench_spend($1,$2,$3)', values: [memberId, lotId, REWARD_POINTS] })
  }
  return { name, run: (ms) => pump(CLIENTS, ms, spend) }
}

export function bareAward(name: string, pool: pg.Pool, buyers: Buyer[]): Contestant {
  const members = oneAfterTheOther(buyers)
  const award = () => pool.query({ name, text: 'SELECT bench_award($1,$2)', values: [members().memberId, EARNED] })
  return { name, run: (ms) => pump(CLIENTS, ms, award) }
}
