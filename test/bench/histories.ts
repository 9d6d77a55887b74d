import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DAY_MS } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { memberRefOf } from '../../bff/src/visit/member-ref'
import { PROJECT } from '../support/project'
import type { Buyer, Till } from './crowd'
import type { Ground } from './ground'
import { openPool } from './scratch'

/** Members whose ledger holds about so many rows, each of whom buys and spends. */
export interface History {
  rows: number
  buyers: Buyer[]
  tills: Till[]
}

/** How many members have a history of each length; as many act at once, so that nobody waits for another. */
export const EACH = 8
/** Of a purchase whose points were spent: one lot, and transfers of points, growth, maturing and spending. */
const ROWS_OF_A_PURCHASE = 5
/** The last purchases, whose points are still there. */
const LIVE = 3

export const BOOKS_SQL = readFileSync(join(PROJECT, 'test', 'bench', 'books.sql'), 'utf8')

/** Gives the first buyers of the crowd histories of these lengths, and a visit each. */
export async function layHistories({ url, test, crowd }: Ground, lengths: number[]): Promise<History[]> {
  const pool = openPool(url, 1)
  await pool.query(BOOKS_SQL)
  await pool.query('SELECT bench_open_books()')
  const histories: History[] = []
  for (const rows of lengths) {
    const from = histories.length * EACH
    const buyers = crowd.buyers.slice(from, from + EACH)
    const purchases = Math.max(1, Math.round(rows / ROWS_OF_A_PURCHASE))
    for (const { memberId } of buyers) {
      await pool.query(
        `INSERT INTO bench_purchase
           SELECT $1, uuidv7(at - now()), uuidv7()::text, uuidv7()::text, at, 68, CASE WHEN n > $2 - $3 THEN 'live' ELSE 'spent' END
             FROM (SELECT n, now() - interval '50 days' - interval '300 days' * ($2 - n) / $2 AS at FROM generate_series(1, $2) n) days`,
        [memberId, purchases, Math.min(LIVE, purchases - 1)],
      )
      await pool.query('SELECT bench_write_books()')
    }
    const tills = buyers.map(({ memberId }, n): Till => {
      const visitId = uuidv7()
      return {
        ...(crowd.tills[from + n] as Till),
        memberId,
        visitId,
        memberRef: memberRefOf(test.house.keys, visitId, memberId),
      }
    })
    histories.push({ rows, buyers, tills })
  }
  await pool.query('SELECT bench_close_books()')
  await pool.end()
  const at = test.house.now()
  const lasting = { method: 'member_no', openedAt: at, expiresAt: new Date(at.getTime() + DAY_MS) }
  await test.house.prisma.visit.createMany({
    data: histories.flatMap(({ tills }) =>
      tills.map(({ memberId, visitId, storeId, tillId, staffId }) => ({
        ...{ memberId, visitId, storeId, tillId, staffId },
        ...lasting,
      })),
    ),
  })
  return histories
}
