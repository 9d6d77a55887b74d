import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ask, type Sql } from '../../bff/src/db'
import { Refusal, toRefusal } from '../../bff/src/refusal'
import { openPool } from './scratch'

/** One way to take a piece of what many want at once. */
export interface Technique {
  name: string
  /** Into how many rows the stock is split; 'pieces' is a row a piece. */
  slots: number | 'pieces'
  /** The schema of hot-techniques.sql that stands before the house's own functions. */
  schema?: string
  /** How a call is sent, where it is not simply sent. */
  sending?: (pool: pg.Pool, told: Told) => Send
}

/** What a technique tells of its work beside the answers. */
export interface Told {
  retries: number
}

/** Sends one call of mall_exchange; throws what the database said. */
type Send = (args: unknown) => Promise<unknown>

const CALL = 'SELECT mall_exchange($1::jsonb) AS answer'
const simply =
  (pool: pg.Pool): Send =>
  async (args) =>
    (await ask(pool, { name: 'exchange', text: CALL, values: [JSON.stringify(args)] })).rows[0].answer

/** At most `most` at a time; the others wait outside, without a connection. */
function capped(pool: pg.Pool, most: number): Send {
  const send = simply(pool)
  const waiting: (() => void)[] = []
  let inside = 0
  return async (args) => {
    if (inside >= most) await new Promise<void>((enter) => waiting.push(enter))
    else inside++
    try {
      return await send(args)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else inside--
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03'
/** Who did not get the row comes again a moment later, for as long as it takes. */
function again(pool: pg.Pool, told: Told): Send {
  const send = simply(pool)
  return async (args) => {
    for (;;) {
      try {
        return await send(args)
      } catch (error) {
        if (!(error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE)) throw error
        told.retries++
        await sleep(1 + Math.random() * 8)
      }
    }
  }
}

interface Waiting {
  args: unknown
  answer: (answer: unknown) => void
  fail: (error: unknown) => void
}

/** One connection takes whoever waits, up to `most`, in one transaction and one wait for the disk. */
function batched(pool: pg.Pool, most: number): Send {
  const waiting: Waiting[] = []
  let working = false
  const work = async () => {
    working = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const values = [JSON.stringify(batch.map(({ args }) => args))]
        const text = 'SELECT exchange_batch($1::jsonb) AS answers'
        const { rows } = await pool.query({ name: 'batch', text, values })
        for (const [n, one] of rows[0].answers.entries()) {
          const { answer, fail } = batch[n] as Waiting
          if ('refused' in one) fail(new Refusal({ code: one.refused, detail: one.detail }))
          else answer(one.answer)
        }
      } catch (error) {
        for (const { fail } of batch) fail(error)
      }
    }
    working = false
  }
  return (args) =>
    new Promise((answer, fail) => {
      waiting.push({ args, answer, fail })
      // whoever asks in the same instant comes along
      if (!working) setImmediate(() => working || work())
    })
}

export const OURS = '16 slots, any that nobody holds (ours)'

export const TECHNIQUES: Technique[] = [
  { name: 'one row, before the points (naive)', slots: 1, schema: 'hot_first' },
  { name: 'one row, last', slots: 1, schema: 'hot_last' },
  { name: 'one row, last, 4 at a time', slots: 1, schema: 'hot_last', sending: (pool) => capped(pool, 4) },
  { name: 'one row, last, NOWAIT and again', slots: 1, schema: 'hot_nowait', sending: again },
  { name: '4 slots, any that nobody holds', slots: 4 },
  { name: OURS, slots: 16 },
  { name: '16 slots, then a wait for one', slots: 16, schema: 'hot_waiting' },
  { name: '32 slots, any that nobody holds', slots: 32 },
  { name: 'a row for each piece, the lowest free', slots: 'pieces' },
  { name: 'batches of up to 32, one connection', slots: 1, schema: 'hot_batch', sending: (pool) => batched(pool, 32) },
]

/** The technique at work: its own connections, kept open. */
export interface AtWork {
  technique: Technique
  sql: Sql
  told: Told
  close: () => Promise<void>
}

export function putToWork(technique: Technique, url: string, connections: number): AtWork {
  const through = new URL(url)
  const path = technique.schema ? `${technique.schema},public` : 'public'
  through.searchParams.set('options', `-c search_path=${path} -c timezone=UTC`)
  const pool = openPool(through.href, connections)
  const told: Told = { retries: 0 }
  const send = technique.sending?.(pool, told) ?? simply(pool)
  const sql: Sql = async <Answer>(_fn: string, args: unknown) => {
    try {
      return (await send(args)) as Answer
    } catch (error) {
      throw toRefusal(error)
    }
  }
  return { technique, sql, told, close: () => pool.end() }
}
