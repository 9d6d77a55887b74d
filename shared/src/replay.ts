/**
 * The books from zero: what a member must hold, told by nothing but the transfers, in the order of time.
 * Where this and the stored figures differ, one of them is wrong, and the difference says in what.
 */

/** One transfer of one member. */
export interface Posting {
  unit: string
  fromAccount: string
  toAccount: string
  amount: number
  /** The lot that moved; growth and debt have none. */
  lotId: string | null
  atMs: number
}

interface Amounts {
  available: number
  pending: number
  debt: number
  growth: number
}

export interface Books extends Amounts {
  /** What the transfers left in each lot, by state, and the most that the programme ever put in at once. */
  lots: Map<string, { pending: number; active: number; earned: number }>
  /** Lots that are below zero now. */
  shortLots: Set<string>
  atMs: number
  /** Since when something has been below zero at the end of each instant. */
  shortSinceMs: number | null
  /** The first that stayed below zero, in words. */
  overdrawn: string | null
}

export interface StoredBooks {
  account: Amounts | null
  lots: { lotId: string; state: string; earned: number; remaining: number }[]
}

/**
 * A clock is read before a lock is waited for, so what waited may carry an earlier time than what it builds on. Nobody
 * waits longer than this; within it the order of transfers says nothing.
 */
const WAIT_MS = 60_000

const SIDES = ['available', 'pending', 'debt', 'growth'] as const

export const emptyBooks = (): Books => ({
  available: 0,
  pending: 0,
  debt: 0,
  growth: 0,
  lots: new Map(),
  shortLots: new Set(),
  atMs: Number.NEGATIVE_INFINITY,
  shortSinceMs: null,
  overdrawn: null,
})

/** Replays one transfer of the member whose books these are; they come in the order of time. */
export function post(books: Books, { fromAccount, toAccount, amount, lotId, atMs }: Posting): void {
  if (atMs !== books.atMs) {
    endInstant(books, atMs)
    books.atMs = atMs
  }
  write(books, fromAccount, -amount, lotId)
  write(books, toAccount, amount, lotId)
  if (lotId === null || !fromAccount.startsWith('programme:')) return
  const lot = books.lots.get(lotId)
  if (lot && amount > lot.earned) lot.earned = amount
}

/** Writes the member's side of a transfer; the programme's is counted over all members. */
function write(books: Books, account: string, amount: number, lotId: string | null): void {
  switch (account) {
    case 'member:available':
      books.available += amount
      if (lotId !== null) moveLot(books, lotId, 0, amount)
      return
    case 'member:pending':
      books.pending += amount
      if (lotId !== null) moveLot(books, lotId, amount, 0)
      return
    case 'member:debt':
      // what is owed is the negative side of the member
      books.debt -= amount
      return
    case 'member:growth':
      books.growth += amount
  }
}

function moveLot({ lots, shortLots }: Books, lotId: string, pending: number, active: number): void {
  let lot = lots.get(lotId)
  if (!lot) {
    lot = { pending: 0, active: 0, earned: 0 }
    lots.set(lotId, lot)
  }
  lot.pending += pending
  lot.active += active
  if (lot.pending < 0 || lot.active < 0) shortLots.add(lotId)
  else if (shortLots.size > 0) shortLots.delete(lotId)
}

/** I-L3: nothing is below zero at the end of an instant, but for as long as somebody may have waited. */
function endInstant(books: Books, nextMs: number): void {
  const short = shortOf(books)
  if (short === null) {
    books.shortSinceMs = null
    return
  }
  books.shortSinceMs ??= books.atMs
  if (nextMs - books.shortSinceMs > WAIT_MS)
    books.overdrawn ??= `${short} at ${new Date(books.shortSinceMs).toISOString()}`
}

function shortOf(books: Books): string | null {
  for (const side of SIDES) if (books[side] < 0) return `${side} is ${books[side]}`
  for (const lotId of books.shortLots) return `lot ${lotId} is below zero`
  return null
}

/** What is wrong with the books of one member after the last transfer (I-L2, I-L3, I-L4); null when all agrees. */
export function differenceOf(books: Books, { account, lots }: StoredBooks): string | null {
  if (!account) return 'has transfers or lots but no account'
  endInstant(books, Number.POSITIVE_INFINITY)
  if (books.overdrawn !== null) return books.overdrawn
  for (const side of SIDES)
    if (account[side] !== books[side]) return `${side}: stored ${account[side]}, replayed ${books[side]}`
  return lotDifference(books, lots)
}

function lotDifference(books: Books, stored: StoredBooks['lots']): string | null {
  let [known, pending, active] = [0, 0, 0]
  for (const { lotId, state, earned, remaining } of stored) {
    const lot = books.lots.get(lotId)
    if (!lot) return `lot ${lotId}: stored ${remaining} ${state}, but no transfer names it`
    known++
    pending += lot.pending
    active += lot.active
    const [should, none] = state === 'pending' ? [lot.pending, lot.active] : [lot.active, lot.pending]
    if (remaining !== should || none !== 0)
      return `lot ${lotId}: stored ${remaining} ${state}, replayed ${lot.pending} pending and ${lot.active} active`
    if (earned !== lot.earned) return `lot ${lotId}: stored ${earned} earned, replayed ${lot.earned}`
  }
  if (known !== books.lots.size) {
    const there = new Set(stored.map(({ lotId }) => lotId))
    return `lot ${[...books.lots.keys()].find((lotId) => !there.has(lotId))}: named by transfers, but not there`
  }
  return pending === books.pending && active === books.available
    ? null
    : `the lots hold ${pending} pending and ${active} active, the account ${books.pending} and ${books.available}`
}

/** The programme's accounts and what members hold, by unit. Programme accounts store no balance; this is their sum. */
export type Totals = Map<string, Map<string, number>>

const MEMBERS = 'members'

export const emptyTotals = (): Totals =>
  new Map([
    ['points', new Map([[MEMBERS, 0]])],
    ['growth', new Map([[MEMBERS, 0]])],
  ])

function addTo(totals: Totals, unit: string, account: string, amount: number): void {
  const accounts = totals.get(unit)
  if (accounts) accounts.set(account, (accounts.get(account) ?? 0) + amount)
}

/** Counts the programme's side of a transfer. */
export function countPosting(totals: Totals, { unit, fromAccount, toAccount, amount }: Posting): void {
  if (fromAccount.startsWith('programme:')) addTo(totals, unit, fromAccount, -amount)
  if (toAccount.startsWith('programme:')) addTo(totals, unit, toAccount, amount)
}

/** Counts what is stored of one member. */
export function countAccount(totals: Totals, { available, pending, debt, growth }: Amounts): void {
  addTo(totals, 'points', MEMBERS, available + pending - debt)
  addTo(totals, 'growth', MEMBERS, growth)
}

/** I-L1: all accounts sum to zero, and what moves between members arrives; null when so. */
export function totalsDifference(totals: Totals): string | null {
  for (const [unit, accounts] of totals) {
    const moved = accounts.get('programme:moved') ?? 0
    if (moved !== 0) return `programme:moved holds ${moved} ${unit}: what left one member did not reach another`
    let sum = 0
    for (const amount of accounts.values()) sum += amount
    if (sum !== 0) return `all accounts of ${unit} sum to ${sum}, not to zero`
  }
  return null
}
