import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { settleOrder } from '../../bff/src/order/settle-order'
import { actorCtx, type Till } from './crowd'
import { CLIENTS, type Ground } from './ground'
import { type Contestant, pump } from './rounds'

const AMOUNT_FEN = 6_800
const POINTS = 68

/** Takes the members one after the other, again and again. */
export function oneAfterTheOther<T>(all: T[]): () => T {
  let turn = 0
  return () => all[turn++ % all.length] as T
}

/** The verb as the router calls it: rule, handlers, named statement. */
export function settleVerb(name: string, { test, crowd }: Ground, at = crowd.tills, lanes = CLIENTS): Contestant {
  const tills = oneAfterTheOther(at.map((till) => ({ ...till, ctx: actorCtx(test.house, till.staffId) })))
  const settle = () => {
    const { ctx, staffId, storeId, visitId, memberRef } = tills()
    const staff = { memberId: staffId, storeId }
    return settleOrder(ctx, staff, { requestId: randomUUID(), visitId, memberRef, amountFen: AMOUNT_FEN })
  }
  return { name, run: (ms) => pump(lanes, ms, settle) }
}

/** The verb's own database function, with arguments that were made before: what is left is the driver. */
export async function settleFunction(name: string, { test, crowd }: Ground, pool: pg.Pool): Promise<Contestant> {
  const calls = oneAfterTheOther(await Promise.all(crowd.tills.map((till) => readyCall(test.house, till))))
  const settle = async () => {
    const { text, requestId, orderId } = calls()
    const fresh = text.replaceAll(requestId, randomUUID()).replaceAll(orderId, randomUUID())
    await pool.query({ name: 'ready', text: 'SELECT order_settle($1::jsonb) AS answer', values: [fresh] })
  }
  return { name, run: (ms) => pump(CLIENTS, ms, settle) }
}

/** What the verb would send for this till, overheard. */
async function readyCall(house: Ground['test']['house'], { staffId, storeId, visitId, memberRef }: Till) {
  let overheard = { orderId: '' }
  const ctx = actorCtx(house, staffId)
  ctx.sql = async <Answer>(_fn: string, args: unknown) => {
    overheard = args as { orderId: string }
    return undefined as Answer
  }
  const requestId = randomUUID()
  const staff = { memberId: staffId, storeId }
  await settleOrder(ctx, staff, { requestId, visitId, memberRef, amountFen: AMOUNT_FEN })
  return { text: JSON.stringify(overheard), requestId, orderId: overheard.orderId }
}

/** A function that writes the same rows from plain arguments and asks nothing: the ceiling. */
export function bareFunction(name: string, { crowd }: Ground, pool: pg.Pool): Contestant {
  const tills = oneAfterTheOther(crowd.tills)
  const settle = async () => {
    const { memberId, visitId, storeId, tillId, staffId } = tills()
    const values = [memberId, visitId, storeId, tillId, staffId, AMOUNT_FEN, POINTS]
    await pool.query({ name: 'bare_settle', text: 'SELECT bench_settle($1,$2,$3,$4,$5,$6,$7) AS answer', values })
  }
  return { name, run: (ms) => pump(CLIENTS, ms, settle) }
}
