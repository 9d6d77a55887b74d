import { judgeProof, type ProofRefusal, type ServerKey, type Verify } from '@huiyuan/shared/certificate'
import { parseMemberCode } from '@huiyuan/shared/code'
import { type OfflineClash, type OfflineState, SYNC_ENTRIES } from '@huiyuan/shared/offline'

/** What this tablet is, once a manager has made it one. */
export interface Tablet {
  tabletId: string
  storeId: string
  tillId: string
  /** A manager has ended it: it takes nothing more, and can be made one again. */
  ended?: true
}

/** What it needs of the server while there is no network. Keys in base64url. */
export interface Ground {
  keys: { number: number; publicKey: string }[]
  /** Server clock minus this clock, ms. */
  offsetMs: number
}

/** A purchase without a network, as it goes to the server. */
export interface Entry {
  /** Which tablet counted it: this device may have been made another one since. */
  tabletId: string
  sequence: number
  /** As it was scanned. */
  code: string
  scannedAt: string
  soldAt: string
  amountFen: number
  /** By the certificate; null for digits that nobody can check here. */
  tier: number | null
}

export interface Result {
  sequence: number
  state: OfflineState
  clash: OfflineClash | null
  points: number | null
  amountFen: number
}

/** All that a tablet must not lose. */
export interface Book {
  /** Null before a manager has made it a tablet. */
  tabletId: string | null
  next: number
  waiting: Entry[]
  /** handle → the newest step taken here */
  used: Record<string, number>
  /** The newest first. */
  results: Result[]
  /** Epoch ms; null before the first time. */
  syncedAt: number | null
}

const KEPT_RESULTS = 50
/** A code is of now; what was taken an hour ago can never come again. */
const FORGET_STEPS = 120

export const newBook = (tabletId: string | null, firstSequence: number): Book => ({
  tabletId,
  next: firstSequence,
  waiting: [],
  used: {},
  results: [],
  syncedAt: null,
})

/** Who stands there, as far as a tablet without a network can know. */
export interface Shown {
  code: string
  /** Epoch ms by the server's clock. */
  scannedAt: number
  /** Null where the phone proved nothing: the digits are checked when the network is back. */
  proven: { handle: string; tier: number; step: number } | null
}

export type Scanned = { shown: Shown } | { refusal: ProofRefusal }

/** Takes a scanned text apart. `now` is the server's clock as this tablet knows it. */
export function readScan(text: string, book: Book, facts: { now: number; keys: ServerKey[]; verify: Verify }): Scanned {
  const code = text.replace(/\s+/g, '')
  const parsed = parseMemberCode(code)
  if (!parsed) return { refusal: { refusal: 'malformed' } }
  if (book.waiting.some((entry) => entry.code.slice(0, 18) === code.slice(0, 18)))
    return { refusal: { refusal: 'used_here' } }
  if (!parsed.proof) return { shown: { code, scannedAt: facts.now, proven: null } }
  const judged = judgeProof(code, { ...facts, usedStep: (handle) => book.used[handle] ?? null })
  if (judged.refusal !== null) return { refusal: judged }
  const { handle, tier, step } = judged
  return { shown: { code, scannedAt: facts.now, proven: { handle, tier, step } } }
}

/** The book with one purchase more. */
export function withEntry(book: Book, { code, scannedAt, proven }: Shown, amountFen: number, now: number): Book {
  const entry: Entry = {
    tabletId: book.tabletId ?? '',
    sequence: book.next,
    code,
    scannedAt: new Date(scannedAt).toISOString(),
    soldAt: new Date(now).toISOString(),
    amountFen,
    tier: proven?.tier ?? null,
  }
  return { ...book, next: book.next + 1, waiting: [...book.waiting, entry], used: usedWith(book.used, proven) }
}

function usedWith(used: Book['used'], proven: Shown['proven']): Book['used'] {
  if (!proven) return used
  const recent = Object.entries(used).filter(([, step]) => step > proven.step - FORGET_STEPS)
  return { ...Object.fromEntries(recent), [proven.handle]: proven.step }
}

/** Under which tablets something waits, the oldest first. One that cannot be sent is in nobody's way. */
export const waitingTablets = ({ waiting }: Book): string[] => [...new Set(waiting.map(({ tabletId }) => tabletId))]

/** What of one tablet goes to the server next, no more than it takes at once. */
export const nextPart = ({ waiting }: Book, own: string): Entry[] =>
  waiting.filter(({ tabletId }) => tabletId === own).slice(0, SYNC_ENTRIES)

/** What the server said of a part of one tablet's. Whatever it did not name waits on; tablets of two tills count alike. */
export function withResults(book: Book, own: string, results: readonly Omit<Result, 'amountFen'>[], now: number): Book {
  const told = new Set(results.map(({ sequence }) => sequence))
  const isTold = ({ tabletId, sequence }: Entry) => tabletId === own && told.has(sequence)
  const amounts = new Map(book.waiting.filter(isTold).map(({ sequence, amountFen }) => [sequence, amountFen]))
  const fresh = results
    .filter(({ sequence }) => amounts.has(sequence))
    .map((result) => ({ ...result, amountFen: amounts.get(result.sequence) ?? 0 }))
    .reverse()
  return {
    ...book,
    waiting: book.waiting.filter((entry) => !isTold(entry)),
    results: [...fresh, ...book.results].slice(0, KEPT_RESULTS),
    syncedAt: now,
  }
}

export const waitingFen = ({ waiting }: Book): number => waiting.reduce((sum, { amountFen }) => sum + amountFen, 0)
