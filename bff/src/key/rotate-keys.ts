import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Sql } from '../db'
import type { Keys } from '../keys'
import { compareRing } from './open-ring'
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns'
import { type Answers, sweepAnswers } from './stored-answers'
import { type Moved, sweepColumn } from './sweep-column'

/** What lies sealed, by place: a table's column, or the stored answers. */
export interface Place {
  place: string
  /** Rows that were sealed by another key when this began. */
  total: number
  done: number
}

export interface Rotation {
  /** Rows that were sealed anew, in all. */
  moved: number
  /** Rows that were opened and found by their hash at the end, in all. */
  checked: number
  /** The numbers that nothing is sealed with any more, and never will be. */
  ended: number[]
  places: Place[]
}

/** A rotation that cannot end now; its words say what to do. */
export class RotationStopped extends Error {}

/** Batches are found along the primary key; the planner, who thinks of one batch, would rather read a whole table for each. */
const BY_KEY = 'SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_sort = off'

/** How often what was just being written is looked for again. */
const SWEEPS = 40
const AGAIN_MS = 250

/**
 * Seals everything with the current key of `keys`, beside servers that know the same keys and seal with the same one; then
 * ends the others and proves that nothing is left of them. Broken off, it goes on where it was; run again, it proves again.
 * @param onProgress hears of each batch
 * @throws KeyRingProblem when `keys` do not fit the house; RotationStopped when a server still seals with another key; Error
 *   naming the row when one cannot be opened
 */
export async function rotateKeys(
  url: string,
  keys: Keys,
  onProgress: (place: Place) => void = () => {},
): Promise<Rotation> {
  const client = new pg.Client({ connectionString: url, application_name: 'huiyuan keys:rotate' })
  await client.connect()
  try {
    await client.query(BY_KEY)
    const ask: Sql = async (fn, args) => (await client.query(`SELECT ${fn}($1) AS answer`, [args])).rows[0].answer
    await compareRing(ask, keys, { at: new Date(), begin: false })
    await refuseOthers(client, keys)
    const rotation: Rotation = { moved: 0, checked: 0, ended: [], places: await countLeft(client, keys) }
    const sweep = (whole: boolean) => sweepAll(client, keys, rotation, { whole, onProgress })
    await untilNone(() => sweep(false))
    await refuseOthers(client, keys)
    rotation.ended = await endOthers(client, keys, rotation)
    // whoever was just writing under one of them has finished now; nobody can begin to
    await outlived(client)
    await untilNone(() => sweep(false))
    rotation.checked = (await sweep(true)).seen
    const left = (await countLeft(client, keys)).filter(({ total }) => total > 0)
    if (left.length > 0) throw new RotationStopped(`something is left in ${left.map(({ place }) => place).join(', ')}`)
    return rotation
  } finally {
    await client.end()
  }
}

const placeOf = ({ table, column }: SealedColumn) => `${table}.${column}`
const ANSWERS = 'request.answer'

/** How many rows of each place another key has sealed. */
async function countLeft(client: pg.Client, keys: Keys): Promise<Place[]> {
  const places: Place[] = []
  for (const one of SEALED_COLUMNS) {
    const sql = `SELECT count(*) AS total FROM ${one.table} WHERE substring(${one.column} FOR 1) <> $1`
    const { rows } = await client.query(sql, [Buffer.of(keys.current)])
    places.push({ place: placeOf(one), total: Number(rows[0].total), done: 0 })
  }
  const { left } = await sweepAnswers(client, keys, { dry: true })
  return [...places, { place: ANSWERS, total: left, done: 0 }]
}

interface Sweep {
  whole: boolean
  onProgress: (place: Place) => void
}

/** Goes through every place once. → how much is left, because somebody was just writing it */
async function sweepAll(client: pg.Client, keys: Keys, rotation: Rotation, { whole, onProgress }: Sweep) {
  const all: Moved = { seen: 0, moved: 0, left: 0 }
  const count = (name: string) => (batch: Moved | Answers) => {
    const place = rotation.places.find((one) => one.place === name) as Place
    place.done += batch.moved
    rotation.moved += batch.moved
    all.seen += batch.seen
    all.left += batch.left
    onProgress(place)
  }
  for (const one of SEALED_COLUMNS) await sweepColumn(client, keys, one, { whole, onBatch: count(placeOf(one)) })
  await sweepAnswers(client, keys, { onBatch: count(ANSWERS) })
  return all
}

async function untilNone(sweep: () => Promise<{ left: number }>): Promise<void> {
  for (let n = 0; n < SWEEPS; n++) {
    if ((await sweep()).left === 0) return
    await pause(AGAIN_MS)
  }
  throw new RotationStopped('some rows are being written all the time; run it again')
}

/** Servers name the key they seal with in their connections, see openDatabase. */
async function refuseOthers(client: pg.Client, keys: Keys): Promise<void> {
  const { rows } = await client.query(
    `SELECT DISTINCT application_name AS name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'huiyuan key %' AND application_name <> $1`,
    [`huiyuan key ${keys.current}`],
  )
  if (rows.length > 0)
    throw new RotationStopped(
      `a server still seals with ${rows.map(({ name }) => name.replace('huiyuan ', '')).join(' and ')}; give it the MASTER_KEY of the others first`,
    )
}

/** Ends the other keys of the ring that are or were in use. */
async function endOthers(client: pg.Client, keys: Keys, { places }: Rotation): Promise<number[]> {
  const { rows } = await client.query<{ number: number }>(
    'SELECT number FROM house_key WHERE used_from IS NOT NULL AND ended_at IS NULL',
  )
  const used = new Set(rows.map(({ number }) => number))
  const moved = places.some(({ done }) => done > 0)
  const numbers = keys.numbers.filter((number) => number !== keys.current && (used.has(number) || moved))
  await client.query('SELECT key_end($1)', [JSON.stringify({ numbers, at: new Date() })])
  return numbers
}

/** Waits until every transaction that writes now has ended: what it has read before may still be stored by it. */
async function outlived(client: pg.Client): Promise<void> {
  const { rows } = await client.query('SELECT pg_current_xact_id()::text AS mark')
  for (;;) {
    const ahead = 'SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS passed'
    if ((await client.query(ahead, [rows[0].mark])).rows[0].passed) return
    await pause(AGAIN_MS)
  }
}
