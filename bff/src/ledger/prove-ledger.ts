import {
  countAccount,
  countPosting,
  differenceOf,
  emptyBooks,
  emptyTotals,
  type Posting,
  post,
  type StoredBooks,
  type Totals,
  totalsDifference,
} from '@huiyuan/shared/replay'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'

export interface Proof {
  members: number
  lots: number
  transfers: number
  /** How many members differ; the first one by id is told. */
  differing: number
  /** Null when the books hold; `memberId` is null when no single member differs but the programme's sums do. */
  difference: { memberId: string | null; words: string } | null
  totals: Totals
}

// The time is written as milliseconds: neither side has to make and read a date ten million times.
const ACCOUNTS =
  'SELECT member_id, available_points, pending_points, debt_points, growth FROM account ORDER BY member_id'
const LOTS = 'SELECT member_id, lot_id, state, earned, remaining FROM lot ORDER BY member_id'
const TRANSFERS = `SELECT member_id, unit, from_account, to_account, amount, lot_id, (date_part('epoch', at) * 1000)::int8
  FROM transfer ORDER BY member_id, at`

/** Where a stream has ended; no member id comes after it. */
const END = '~'
const REPORT_EVERY = 10_000

/**
 * Replays every transfer from zero, member by member, and compares with what is stored: I-L1 to I-L4. Reads one snapshot
 * of a live database and changes nothing; in memory lies one member's lots at a time, however long the books are.
 * @param onProgress hears of the proof so far, now and then
 */
export async function proveLedger(url: string, onProgress: (proof: Proof) => void = () => {}): Promise<Proof> {
  const snapshot = await openSnapshot(url, 3)
  try {
    const [accounts, lots, transfers] = snapshot.clients as [pg.Client, pg.Client, pg.Client]
    const proof = await replayAll(
      { accounts: new Rows(accounts, ACCOUNTS), lots: new Rows(lots, LOTS), transfers: new Rows(transfers, TRANSFERS) },
      onProgress,
    )
    await snapshot.close()
    return proof
  } catch (error) {
    snapshot.abandon()
    throw error
  }
}

async function replayAll(
  { accounts, lots, transfers }: Record<'accounts' | 'lots' | 'transfers', Rows>,
  onProgress: (proof: Proof) => void,
): Promise<Proof> {
  const proof: Proof = { members: 0, lots: 0, transfers: 0, differing: 0, difference: null, totals: emptyTotals() }
  await Promise.all([accounts.advance(), lots.advance(), transfers.advance()])
  for (;;) {
    const memberId = [accounts, lots, transfers].map((rows) => rows.memberId).sort()[0] as string
    if (memberId === END) break
    const stored: StoredBooks = { account: null, lots: [] }
    if (accounts.memberId === memberId) {
      stored.account = accountOf(accounts.row)
      countAccount(proof.totals, stored.account)
      await accounts.advance()
    }
    while (lots.memberId === memberId) {
      stored.lots.push(lotOf(lots.row))
      const wait = lots.advance()
      if (wait) await wait
    }
    const books = emptyBooks()
    while (transfers.memberId === memberId) {
      const posting = postingOf(transfers.row)
      post(books, posting)
      countPosting(proof.totals, posting)
      if (++proof.transfers % REPORT_EVERY === 0) onProgress(proof)
      const wait = transfers.advance()
      if (wait) await wait
    }
    proof.members++
    proof.lots += stored.lots.length
    const words = differenceOf(books, stored)
    if (words !== null && proof.differing++ === 0) proof.difference = { memberId, words }
  }
  const words = totalsDifference(proof.totals)
  if (words !== null) proof.difference ??= { memberId: null, words }
  return proof
}

function accountOf(row: string[]): NonNullable<StoredBooks['account']> {
  const [available = 0, pending = 0, debt = 0, growth = 0] = row.slice(1).map(Number)
  return { available, pending, debt, growth }
}

function lotOf([, lotId, state, earned, remaining]: string[]): StoredBooks['lots'][number] {
  return { lotId: lotId as string, state: state as string, earned: Number(earned), remaining: Number(remaining) }
}

function postingOf([, unit, fromAccount, toAccount, amount, lotId, atMs]: string[]): Posting {
  return {
    unit: unit as string,
    fromAccount: fromAccount as string,
    toAccount: toAccount as string,
    amount: Number(amount),
    lotId: lotId === '\\N' ? null : (lotId as string),
    atMs: Number(atMs),
  }
}

/** The rows of one query as they arrive. Ids, numbers and account names only: nothing in them is ever escaped. */
class Rows {
  row: string[] = [END]
  readonly #chunks: AsyncIterator<Buffer>
  #lines: string[] = []
  #next = 0
  #rest = ''

  constructor(client: pg.Client, query: string) {
    this.#chunks = client.query(copyTo(`COPY (${query}) TO STDOUT`))[Symbol.asyncIterator]()
  }

  get memberId(): string {
    return this.row[0] as string
  }

  /** Moves on to the next row; a promise only where more has to arrive, since awaiting each row would halve the speed. */
  advance(): Promise<void> | null {
    const line = this.#lines[this.#next++]
    if (line === undefined) return this.#refill()
    this.row = line.split('\t')
    return null
  }

  async #refill(): Promise<void> {
    let line: string | undefined
    while (line === undefined) {
      const { done, value } = await this.#chunks.next()
      if (done) {
        this.row = [END]
        return
      }
      this.#lines = (this.#rest + value.toString('latin1')).split('\n')
      this.#rest = this.#lines.pop() as string
      line = this.#lines[0]
    }
    this.#next = 1
    this.row = line.split('\t')
  }
}

interface Snapshot {
  clients: pg.Client[]
  close: () => Promise<void>
  /** Lets go of connections that may be in the middle of an answer. */
  abandon: () => void
}

/** Several connections that see the same instant of a database on which others go on writing. */
async function openSnapshot(url: string, count: number): Promise<Snapshot> {
  const config = { connectionString: url, connectionTimeoutMillis: 20_000, application_name: 'huiyuan ledger:prove' }
  const clients = Array.from({ length: count }, () => new pg.Client(config))
  // a lost connection fails the query on it; without a listener it would end the process
  for (const client of clients) client.on('error', () => {})
  const abandon = () => {
    for (const client of clients) (client as unknown as { connection: pg.Connection }).connection.stream.destroy()
  }
  try {
    await Promise.all(clients.map((client) => client.connect()))
    for (const client of clients) await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const [first, ...others] = clients as [pg.Client, ...pg.Client[]]
    const { rows } = await first.query('SELECT pg_export_snapshot() AS id')
    for (const client of others) await client.query(`SET TRANSACTION SNAPSHOT ${pg.escapeLiteral(rows[0].id)}`)
  } catch (error) {
    abandon()
    throw error
  }
  return { clients, close: async () => void (await Promise.all(clients.map((client) => client.end()))), abandon }
}
