import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { askCheck } from './ask-check'
import { markChecked } from './mark-checked'

const MINUTE_MS = 60_000
/** WeChat gives its word within half an hour; then a person looks. */
const WAIT_MINUTES = 30
/** Whoever took the picture is asking meanwhile. */
const ASK_AGAIN_MINUTES = 1
const MOST_ASKED = 10

export interface Tended {
  found: number
  failed: number
}

/**
 * Goes on with up to `batch` pictures each that WeChat was not asked about, gave no word on in time, or that nobody used within a day.
 * Safe to run twice and on several workers: every write looks again, and asking twice only means being told twice.
 */
export async function tendUploads(ctx: Ctx, { batch }: { batch: number }): Promise<Tended> {
  const now = ctx.now().getTime()
  const ago = (minutes: number) => new Date(now - minutes * MINUTE_MS)
  // few: a WeChat that is away lets each of them wait
  const asked = await eachUpload(ctx, Math.min(batch, MOST_ASKED), {
    where: { state: 'checking', traceId: null, createdAt: { lt: ago(ASK_AGAIN_MINUTES), gte: ago(WAIT_MINUTES) } },
    work: (row) => askCheck(ctx, row),
    failed: 'a picture was not shown to WeChat',
  })
  const waited = await eachUpload(ctx, batch, {
    where: { state: 'checking', createdAt: { lt: ago(WAIT_MINUTES) } },
    work: (row) => markChecked(ctx, { ...row, verdict: 'doubtful', label: null }),
    failed: 'a picture was not given up on',
  })
  const before = new Date(now - DAY_MS)
  const dropped = await eachUpload(ctx, batch, {
    where: { state: { in: ['checking', 'passed', 'doubtful'] }, usedBy: null, createdAt: { lt: before } },
    work: (row) => dropUpload(ctx, row, before),
    failed: 'a picture that nobody used was not removed',
  })
  // those that were asked about are found again until there is an answer: they are no reason to go on at once
  return { found: Math.max(waited.found, dropped.found), failed: asked.failed + waited.failed + dropped.failed }
}

interface Row {
  memberId: string
  uploadId: string
}

interface Tending {
  where: Record<string, unknown>
  work: (row: Row) => Promise<unknown>
  failed: string
}

const eachUpload = (ctx: Ctx, batch: number, { where, work, failed }: Tending) =>
  eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.upload.findMany({
        where: { ...where, uploadId: { notIn: except } },
        orderBy: [{ tries: 'asc' }, { createdAt: 'asc' }],
        take,
        select: { memberId: true, uploadId: true },
      }),
    idOf: ({ uploadId }) => uploadId,
    work: async (row) => void (await work(row)),
    nameOf: ({ uploadId }) => ({ uploadId }),
    failed,
  })

async function dropUpload(ctx: Ctx, { memberId, uploadId }: Row, before: Date): Promise<void> {
  const gone = await ctx.sql<{ storageKey: string } | null>('upload_drop', { memberId, uploadId, before })
  if (gone) await ctx.pictures.remove(gone.storageKey)
}
