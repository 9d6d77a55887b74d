import { setTimeout as pause } from 'node:timers/promises'
import type { PrismaClient } from '@huiyuan/prisma/client'
import type { Logger } from 'pino'
import type { Sql } from '../db'
import type { Keys } from '../keys'

/** The MASTER_KEY and what the house was sealed with do not fit; its words are for whoever runs the servers. */
export class KeyRingProblem extends Error {}

const WORDS: Record<string, (number: number) => string> = {
  another: (number) => `key ${number} is not the key ${number} that this house was sealed with`,
  ended: (number) => `key ${number} has ended; put the key that followed it first`,
  missing: (number) => `key ${number} is still in use, and has to be among them`,
  unused: (number) => `no server seals with key ${number} yet; start the servers with it first`,
}

export interface RingHouse {
  prisma: PrismaClient
  sql: Sql
  keys: Keys
  now: () => Date
}

/**
 * Compares the keys of this server with those the house is sealed with, and lets its current key begin.
 * @throws KeyRingProblem when they do not fit; the database is as it was then
 */
export async function openRing({ prisma, sql, keys, now }: RingHouse): Promise<void> {
  await trySeals(prisma, keys)
  await compareRing(sql, keys, { at: now(), begin: true })
}

/**
 * Compares keys with those that servers have brought.
 * @param begin false: the current key must be in use already
 * @throws KeyRingProblem when they do not fit; the database is as it was then
 */
export async function compareRing(sql: Sql, keys: Keys, { at, begin }: { at: Date; begin: boolean }): Promise<void> {
  const ring = keys.numbers.map((number) => ({ number, check: keys.checkOf(number) }))
  const call = { current: keys.current, keys: ring, at, begin }
  const { problem, number } = await sql<{ problem?: string; number: number }>('key_open', call)
  if (problem) throw new KeyRingProblem(`MASTER_KEY: ${WORDS[problem]?.(number) ?? problem}`)
}

/** A key that nobody has vouched for yet is tried on what lies there. */
async function trySeals(prisma: PrismaClient, keys: Keys): Promise<void> {
  const known = await prisma.houseKey.findMany({ select: { checkHash: true, usedFrom: true } })
  if (known.length > 0 && known.every(({ checkHash, usedFrom }) => checkHash || !usedFrom)) return
  const seals = await prisma.$queryRaw<{ sealed: Uint8Array }[]>`
    (SELECT name_sealed AS sealed FROM member WHERE name_sealed IS NOT NULL LIMIT 1)
    UNION ALL (SELECT subject_sealed FROM identity WHERE subject_sealed IS NOT NULL LIMIT 1)
    UNION ALL (SELECT secret_sealed FROM device_handle LIMIT 1)`
  try {
    for (const { sealed } of seals) keys.open(sealed)
  } catch {
    throw new KeyRingProblem('MASTER_KEY: it does not open what lies in this database')
  }
}

const FIRST_TRY_MS = 2_000
const AGAIN_MS = 5_000

/**
 * As openRing, for a server that starts: it does not wait long for a database that is away, and goes on trying.
 * @param onProblem hears of keys that do not fit when that is learnt only after the start
 * @throws KeyRingProblem when it is learnt at once
 */
export async function openRingSoon(
  house: RingHouse & { log: Pick<Logger, 'warn'> },
  onProblem: (problem: KeyRingProblem) => void,
): Promise<void> {
  let started = false
  const work = (async () => {
    for (;;) {
      try {
        return await openRing(house)
      } catch (error) {
        if (error instanceof KeyRingProblem && !started) throw error
        if (error instanceof KeyRingProblem) return onProblem(error)
        house.log.warn('the keys are not compared yet: the database is away, or not migrated')
        await pause(AGAIN_MS, undefined, { ref: false })
      }
    }
  })()
  // this wait holds the process: nothing else does before it listens
  const waited = new AbortController()
  await Promise.race([work, pause(FIRST_TRY_MS, undefined, { signal: waited.signal })]).finally(() => waited.abort())
  started = true
}
