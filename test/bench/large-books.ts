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
  /** Any of these looks at the card or spends; as many as there are up to 20,000, so that not all of them lie ready. */
  memberIds: string[]
}

const ASKED = 20_000
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
  const { rows } = await runOnce(
    url,
    'SELECT member_id AS id FROM account WHERE available_points >= 100 ORDER BY md5(member_id::text) LIMIT $1',
    [ASKED],
  )
  const memberIds = rows.map(({ id }: { id: string }) => id)
  const tokens: string[] = []
  for (let from = 0; from < memberIds.length; from += SLICE)
    tokens.push(...(await signIn(test.house, memberIds.slice(from, from + SLICE), test.house.now())).values())
  await runOnce(url, 'VACUUM ANALYZE')
  const buyers = memberIds.map((memberId, n) => ({ memberId, lotId: '', token: tokens[n] as string }))
  return { ...wish, url, masterKey, folder, test, memberIds, crowd: { tills: [], readers: tokens, buyers } }
}
