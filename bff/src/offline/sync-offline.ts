import { createHash } from 'node:crypto'
import { CODE_STEP_SECONDS } from '@huiyuan/shared/code'
import {
  entryRefusal,
  FIRST_TABLET_SEQUENCE,
  type OfflineClash,
  type OfflineState,
  TABLET_SEQUENCES,
} from '@huiyuan/shared/offline'
import { checkPastCode } from '../code'
import { type Ctx, commandOf, once } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { offlineEarning } from './earning'
import { getTablet } from './tablets'

export interface SentEntry {
  sequence: number
  /** What was scanned: 18 digits, with or without their proof. */
  code: string
  /** ISO, by the clock that the till learnt from the server. */
  scannedAt: string
  soldAt: string
  amountFen: number
}

export interface SyncedEntry {
  sequence: number
  state: OfflineState
  clash?: OfflineClash
  orderNo?: string
  points?: number
}

/** A tablet, or the till of a till system that signs with its key. */
export type SyncSource = { tabletId: string; tillId?: undefined } | { tillId: string; tabletId?: undefined }

/**
 * Takes into account what a till sold without a network. Each entry is decided once, by itself: sent again in any order, in
 * parts or on two connections at once it has one effect and one answer (I-S2). One that does not fit is a clash, shown to
 * the managers and never in the way of the others.
 * @throws NOT_FOUND, TILL_UNKNOWN, BAD_INPUT for numbers that are not this source's, REQUEST_REUSED
 */
export async function syncOffline(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; entries: SentEntry[] } & SyncSource,
): Promise<{ results: SyncedEntry[] }> {
  const command = commandOf(ctx, 'offline.sync', input)
  const known = await ctx.sql<{ results: SyncedEntry[] } | null>('request_begin', command)
  if (known) return known
  const source = await sourceOf(ctx, staff, input)
  const results: SyncedEntry[] = []
  for (const entry of input.entries) results.push(await takeEntry(ctx, { ...source, ...staffOf(staff) }, entry))
  return once(ctx, command, async (tx) => {
    if (source.tabletId) await tx.sql('offline_heard', { tabletId: source.tabletId, at: tx.now() })
    return { results }
  })
}

const staffOf = ({ memberId, keyId }: AtWork) => ({ staffId: memberId, keyId })

async function sourceOf(ctx: Ctx, staff: AtWork, { tabletId, tillId, entries }: SyncSource & { entries: SentEntry[] }) {
  const tablet = tabletId === undefined ? null : await getTablet(ctx, staff, tabletId)
  const from = tablet ? Number(tablet.firstSequence) : 1
  const to = tablet ? from + TABLET_SEQUENCES : FIRST_TABLET_SEQUENCE
  const foreign = entries.findIndex(({ sequence }) => sequence < from || sequence >= to)
  if (foreign >= 0) refuse('BAD_INPUT', { fields: [{ path: `entries.${foreign}.sequence`, problem: 'foreign' }] })
  return { tabletId: tablet?.tabletId, tillId: tablet?.tillId ?? tillId }
}

type Taker = { tabletId: string | undefined; tillId: string | undefined; staffId: string; keyId: string | undefined }

const takeEntry = (ctx: Ctx, taker: Taker, entry: SentEntry): Promise<SyncedEntry> =>
  twiceWhenBusy(async () => {
    const { sequence, amountFen } = entry
    const [scannedAt, soldAt] = [new Date(entry.scannedAt), new Date(entry.soldAt)]
    const { handle, step, memberId, refusal } = await checkPastCode(ctx, entry.code, scannedAt)
    return ctx.sql<SyncedEntry>('offline_take', {
      ...taker,
      sequence,
      bodyHash: bodyHashOf(entry),
      handle,
      step,
      shownAt: step === null ? null : new Date(step * CODE_STEP_SECONDS * 1000),
      clash:
        refusal === 'member_unknown'
          ? refusal
          : (entryRefusal({ amountFen, scannedAt, soldAt }, ctx.now(), ctx.policy) ?? refusal),
      amountFen,
      soldAt,
      at: ctx.now(),
      ...(memberId ? offlineEarning(ctx, memberId, amountFen, soldAt) : {}),
    })
  })

/** Tells two purchases under one number apart. Not keyed: it must still say so after a change of keys. */
function bodyHashOf({ code, scannedAt, soldAt, amountFen }: SentEntry): string {
  const times = [scannedAt, soldAt].map((text) => new Date(text).getTime())
  return createHash('sha256')
    .update([code.replace(/\s+/g, ''), ...times, amountFen].join('|'))
    .digest('hex')
}
