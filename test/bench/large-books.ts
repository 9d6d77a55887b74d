import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, runOnce } from '@huiyuan/prisma/database/databases'
import { migrate } from '@huiyuan/prisma/database/migrate'
import { keysFrom } from '../../bff/src/keys'
import { type TestHouse, testHouse } from '../support/people'
import { type Crowd, signIn } from './crowd'
import { type BooksWish, generateBooks } from './generate-books'
import { CLIENTS } from './ground'
import { putUpRewards } from './put-up-rewards'
import type { Scratch } from './scratch'

/** One database with books of a size, and who is asked for in it. */
export interface LargeBooks extends BooksWish {
  url: string
  masterKey: string
  folder: string
  test: TestHouse
  crowd: Crowd
  /** As many in books of any size, so that as many sessions are looked up; taken from everywhere. */
  readers: string[]
  spenders: string[]
}

const READERS = 10_000
const SPENDERS = 2_000
const SLICE = 2_000

const count = (n: number) => Math.round(n).toLocaleString('en')

/** A line that says how far it is: anew in place on a terminal, now and then elsewhere. */
export function progressBar(what: string): (done: number, total: number) => void {
  const startedAt = performance.now()
  const every = process.stdout.isTTY ? 200 : 10_000
  let saidAt = startedAt
  return (done, total) => {
    const now = performance.now()
    if (now - saidAt < every && done < total) return
    saidAt = now
    const rate = done / ((now - startedAt) / 1000)
    const bar = '█'.repeat(Math.floor((done / total) * 20)).padEnd(20, '░')
    const left = done < total ? `, ${Math.ceil((total - done) / rate)} s left` : ''
    const line = `  ${bar} ${count(done)} of ${count(total)} ${what}, ${count(rate)}/s${left}`
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${line}${done < total ? '' : '\n'}` : `${line}\n`)
  }
}

/** Makes a database and fills it. @returns how many transfers there are */
export async function layBooks(scratch: Scratch, name: string, wish: BooksWish, masterKey: string): Promise<number> {
  await createDatabase(scratch.server.url('postgres'), name)
  const url = scratch.server.url(name)
  await migrate(url)
  const bars = new Map<string, ReturnType<typeof progressBar>>()
  return generateBooks(url, wish, keysFrom(masterKey), (what, done, total) => {
    const tell = bars.get(what) ?? progressBar(what)
    bars.set(what, tell)
    tell(done, total)
  })
}

/** Opens the house over books that lie ready: rewards, and sessions of those who will ask. */
export async function openBooks(
  scratch: Scratch,
  name: string,
  wish: BooksWish,
  masterKey: string,
): Promise<LargeBooks> {
  const url = scratch.server.url(name)
  const folder = join(scratch.folder, name)
  mkdirSync(folder, { recursive: true })
  const test = testHouse(url, { connections: CLIENTS, keys: keysFrom(masterKey), now: () => new Date() })
  await putUpRewards(test.house)
  const readers = await pick(url, READERS, 'true')
  const spenders = await pick(url, SPENDERS, 'available_points >= 100')
  const tokens = new Map<string, string>()
  const all = [...new Set([...readers, ...spenders])]
  for (let from = 0; from < all.length; from += SLICE)
    for (const [id, token] of await signIn(test.house, all.slice(from, from + SLICE), test.house.now()))
      tokens.set(id, token)
  await runOnce(url, 'VACUUM (ANALYZE) session, reward, reward_stock')
  const tokenOf = (memberId: string) => tokens.get(memberId) as string
  const buyers = spenders.map((memberId) => ({ memberId, lotId: '', token: tokenOf(memberId) }))
  return {
    ...{ ...wish, url, masterKey, folder, test, readers, spenders },
    crowd: { tills: [], readers: readers.map(tokenOf), buyers },
  }
}

/** So many members at random, always the same ones. */
async function pick(url: string, count: number, which: string): Promise<string[]> {
  const { rows } = await runOnce(
    url,
    `SELECT member_id AS id FROM account WHERE ${which} ORDER BY md5(member_id::text) LIMIT $1`,
    [count],
  )
  return rows.map(({ id }: { id: string }) => id)
}
