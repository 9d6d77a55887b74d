import { isDeepStrictEqual } from 'node:util'
import {
  countAccount,
  countPosting,
  differenceOf,
  emptyBooks,
  emptyTotals,
  type Posting,
  post,
  type StoredBooks,
  totalsDifference,
} from '@huiyuan/shared/replay'
import type pg from 'pg'
import type { Paper } from './ledger-property-sheet.fixture'

export interface Known {
  members: string[]
  rewards: string[]
  /** requestId → the id of the order or the redemption it made */
  ids: Record<string, string>
}

interface LotRow {
  memberId: string
  lotId: string
  originLotId: string
  state: string
  earned: number
  remaining: number
  expiresAtMs: number
  kind: string
  source: string
}

interface Stored {
  accounts: ({ memberId: string } & NonNullable<StoredBooks['account']>)[]
  lots: LotRow[]
  transfers: ({ memberId: string } & Posting)[]
  left: Record<string, number>
  standing: string[]
  taken: Record<string, number>
  early: Record<string, number>
}

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint`
const rowsOf = (columns: string, from: string, order = '') =>
  `(SELECT coalesce(json_agg(row_to_json(r)), '[]') FROM (SELECT ${columns} FROM ${from} WHERE member_id = ANY ($1)${order}) r)`

/** Everything of these members and rewards, in one look. */
const STORED = `SELECT json_build_object(
  'accounts', ${rowsOf('member_id "memberId", available_points available, pending_points pending, debt_points debt, growth', 'account')},
  'lots', ${rowsOf(
    `member_id "memberId", lot_id "lotId", origin_lot_id "originLotId", state, earned, remaining, ${ms('expires_at')} "expiresAtMs",
     effect_kind kind, effect_source source`,
    'lot',
  )},
  'transfers', ${rowsOf(
    `member_id "memberId", unit, from_account "fromAccount", to_account "toAccount", amount, lot_id "lotId", ${ms('at')} "atMs"`,
    'transfer',
    ' ORDER BY at',
  )},
  'left', (SELECT coalesce(json_object_agg(reward_id, count), '{}') FROM (
    SELECT reward_id, sum(remaining) AS count FROM reward_stock WHERE reward_id = ANY ($2) GROUP BY 1
    UNION ALL SELECT reward_id, count(*) FILTER (WHERE redemption_id IS NULL) FROM reward_piece WHERE reward_id = ANY ($2) GROUP BY 1) r),
  'standing', (SELECT coalesce(json_agg(redemption_id), '[]') FROM redemption WHERE member_id = ANY ($1) AND state <> 'cancelled'),
  'taken', (SELECT coalesce(json_object_agg(member_id || ' ' || reward_id, taken), '{}') FROM reward_quota
    WHERE member_id = ANY ($1) AND taken > 0),
  'early', (SELECT coalesce(json_object_agg(member_id || ' ' || period_key, used), '{}') FROM right_use
    WHERE member_id = ANY ($1) AND used > 0)) AS stored`

/**
 * What is wrong with what is stored of these members: their books do not follow from their transfers (I-L1 to I-L4), or no
 * sheet of paper says the same; null when all agrees.
 */
export async function storedDifference(pool: pg.Pool, known: Known, sheets: Paper[]): Promise<string | null> {
  const { rows } = await pool.query({ name: 'stored', text: STORED, values: [known.members, known.rewards] })
  const stored = rows[0].stored as Stored
  return replayDifference(stored, known.members) ?? paperDifference(stored, known, sheets)
}

function replayDifference({ accounts, lots, transfers }: Stored, members: string[]): string | null {
  const totals = emptyTotals()
  for (const memberId of members) {
    const account = accounts.find((row) => row.memberId === memberId) ?? null
    if (account) countAccount(totals, account)
    const books = emptyBooks()
    for (const posting of transfers) {
      if (posting.memberId !== memberId) continue
      post(books, posting)
      countPosting(totals, posting)
    }
    const words = differenceOf(books, { account, lots: lots.filter((lot) => lot.memberId === memberId) })
    if (words !== null) return `member ${memberId}: ${words}`
  }
  return totalsDifference(totals)
}

/** One shape for both: figures, points by origin and end, what is left and who has what. */
interface Summary {
  members: Record<string, { available: number; pending: number; debt: number; growth: number }>
  lots: Record<string, number>
  left: Record<string, number>
  standing: string[]
  taken: Record<string, number>
  early: Record<string, number>
}

function paperDifference(stored: Stored, known: Known, sheets: Paper[]): string | null {
  const actual = summaryOfStored(stored, known)
  const told = sheets.map(summaryOfPaper)
  if (told.some((summary) => isDeepStrictEqual(summary, actual))) return null
  return `stored is ${JSON.stringify(actual)}\nthe paper says ${told.map((summary) => JSON.stringify(summary)).join('\nor ')}`
}

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

function addUp(lots: { remaining: number; key: string }[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { remaining, key } of lots) if (remaining > 0) sums[key] = (sums[key] ?? 0) + remaining
  return sorted(sums)
}

function summaryOfStored({ accounts, lots, left, standing, taken, early }: Stored, { ids }: Known): Summary {
  const requestOf = Object.fromEntries(Object.entries(ids).map(([requestId, id]) => [id, requestId]))
  const sourceOf = ({ kind, source }: LotRow) => (kind === 'test' ? source : `${kind} ${requestOf[source]}`)
  const origins = Object.fromEntries(lots.map((lot) => [lot.lotId, sourceOf(lot)]))
  return {
    members: sorted(
      Object.fromEntries(
        accounts.map(({ memberId, available, pending, debt, growth }) => [
          memberId,
          { available, pending, debt, growth },
        ]),
      ),
    ),
    lots: addUp(
      lots.map(({ memberId, originLotId, state, expiresAtMs, remaining }) => ({
        remaining,
        key: `${memberId} ${origins[originLotId]} ${state} ${expiresAtMs}`,
      })),
    ),
    left: sorted(left),
    standing: standing.map((id) => requestOf[id] as string).sort(),
    taken: sorted(taken),
    early: sorted(early),
  }
}

function summaryOfPaper({ members, rewards, redemptions }: Paper): Summary {
  const entries = Object.entries(members)
  const sum = (of: (typeof members)[string], active: boolean) =>
    of.lots.reduce((total, lot) => total + (lot.active === active ? lot.remaining : 0), 0)
  return {
    members: sorted(
      Object.fromEntries(
        entries.map(([id, own]) => [
          id,
          { available: sum(own, true), pending: sum(own, false), debt: own.debt, growth: own.growth },
        ]),
      ),
    ),
    lots: addUp(
      entries.flatMap(([id, { lots }]) =>
        lots.map(({ origin, active, expiresAt, remaining }) => ({
          remaining,
          key: `${id} ${origin} ${active ? 'active' : 'pending'} ${expiresAt}`,
        })),
      ),
    ),
    left: sorted(
      Object.fromEntries(Object.entries(rewards).flatMap(([id, { left }]) => (left === null ? [] : [[id, left]]))),
    ),
    standing: Object.entries(redemptions)
      .filter(([, { standing }]) => standing)
      .map(([requestId]) => requestId)
      .sort(),
    taken: countsOf(entries.map(([id, own]) => [id, own.taken])),
    early: countsOf(entries.map(([id, own]) => [id, own.early])),
  }
}

const countsOf = (rows: [string, Record<string, number>][]): Record<string, number> =>
  sorted(
    Object.fromEntries(
      rows.flatMap(([id, counts]) =>
        Object.entries(counts).flatMap(([of, times]) => (times > 0 ? [[`${id} ${of}`, times]] : [])),
      ),
    ),
  )
