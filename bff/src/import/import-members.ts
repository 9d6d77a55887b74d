import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Ctx } from '../ctx'
import { Refusal } from '../refusal'
import { cellsOf } from './cells'
import { type Header, headerOf } from './columns'
import { prepareLine, type Wish } from './prepare-line'
import { ProblemFile } from './problem-file'
import { hashFile, readFirstLine, readLines } from './read-lines'
import { type Batch, type Counts, noCounts, takeBatch } from './take-batch'

export interface ImportWish {
  path: string
  /** Where what is to be mended is written. */
  problemPath: string
  /** Looks at every line and leaves nothing but the problem file. */
  dryRun?: boolean
  /** Goes through a file again that is done. */
  again?: boolean
  /** When members of this file were last seen, where a line does not say; else their joining day counts. */
  seenOn?: Date
  /** Whose numbers external ids are that do not say so. */
  system?: string
  batchLines?: number
  onProgress?: (progress: Progress) => void
  /** Ends after the batch under way. */
  signal?: AbortSignal
}

export interface Progress {
  /** Lines of the file, the header too. */
  lines: number
  bytes: number
  ofBytes: number
  counts: Counts
}

export interface ImportReport extends Progress {
  state: 'finished' | 'stopped' | 'known'
  /** Where it went on, in lines; 0 for the beginning. */
  resumedAt: number
  /** When this file was done before. */
  knownAt: Date | null
}

interface Run {
  startedAt: Date
  lines: number
  bytes: number
  counts: Counts
  finishedAt: Date | null
}

const BATCH_LINES = 400
/** Each is a lock until the batch ends, and PostgreSQL has room for some thousands in all. */
const BATCH_PROOFS = 1_500
const TRIES = 6
const AGAIN_MS = 100

/**
 * Takes in a file of members, batch by batch: each is one transaction that also writes down how far the file is. Killed, it goes
 * on there; a line that had its effect has no other, in whatever file it stands. Nobody here has agreed to anything yet.
 * @throws FileRefused when it is no such file; Error when another process is at it
 */
export async function importMembers(ctx: Ctx, wish: ImportWish): Promise<ImportReport> {
  const first = await readFirstLine(wish.path)
  const header = headerOf(cellsOf(first.text) ?? [first.text])
  const ofBytes = (await stat(wish.path)).size
  const fileHash = await hashFile(wish.path)
  const run = await beginRun(ctx, fileHash, wish)
  const report = (state: ImportReport['state'], at: Run): ImportReport => ({
    ...{ state, resumedAt: run.lines, knownAt: run.finishedAt },
    ...{ lines: at.lines, bytes: at.bytes, ofBytes, counts: at.counts },
  })
  if (run.finishedAt) return report('known', run)
  const prepared: Wish = {
    ...{ policy: ctx.policy, now: ctx.now(), system: wish.system ?? 'import', seenOn: wish.seenOn ?? null },
    secret: await secretOf(ctx, wish.dryRun ?? false),
  }
  const problems = new ProblemFile(wish.problemPath, header.titles, run.lines)
  const from = run.lines > 0 ? { no: run.lines + 1, byte: run.bytes } : { no: 2, byte: first.endsAt }
  const at: Run = { ...run }
  try {
    for await (const batch of ahead(batches(ctx, { wish, header, prepared, from }))) {
      at.counts = await takePatiently(ctx, { batch, run: at, fileHash, problems, dryRun: wish.dryRun ?? false })
      at.lines = batch.no
      at.bytes = batch.endsAt
      wish.onProgress?.({ lines: at.lines, bytes: at.bytes, ofBytes, counts: at.counts })
      if (wish.signal?.aborted) return report('stopped', at)
    }
    if (!wish.dryRun) await ctx.db.importRun.update({ where: { fileHash }, data: { finishedAt: ctx.now() } })
    return report('finished', at)
  } finally {
    await problems.close()
  }
}

/** The run of this file: anew, or where it was left. */
async function beginRun(ctx: Ctx, fileHash: string, { path, dryRun, again }: ImportWish): Promise<Run> {
  const startedAt = ctx.now()
  const anew: Run = { startedAt, lines: 0, bytes: 0, counts: noCounts(), finishedAt: null }
  if (dryRun) return anew
  const known = await ctx.db.importRun.findUnique({
    where: { fileHash },
    select: { startedAt: true, lines: true, bytes: true, counts: true, finishedAt: true },
  })
  if (known && !(again && known.finishedAt))
    return { ...known, bytes: Number(known.bytes), counts: { ...noCounts(), ...(known.counts as object) } }
  const fileName = [...basename(path)].slice(0, 200).join('')
  const row = {
    fileName,
    startedAt,
    updatedAt: startedAt,
    finishedAt: null,
    lines: 0,
    bytes: 0,
    counts: { ...anew.counts },
  }
  await ctx.db.importRun.upsert({ where: { fileHash }, create: { fileHash, ...row }, update: row })
  return anew
}

/** What names lines for ever. A dry run in a new house draws one and forgets it. */
async function secretOf(ctx: Ctx, dryRun: boolean): Promise<Uint8Array> {
  const known = await ctx.db.importKey.findUnique({ where: { id: 1 }, select: { secretSealed: true } })
  if (known) return ctx.keys.open(known.secretSealed)
  const drawn = randomBytes(32)
  if (dryRun) return drawn
  const sealed = Buffer.from(ctx.keys.seal(drawn)).toString('base64')
  const kept = await ctx.sql<{ sealed: string }>('import_secret', { sealed })
  return ctx.keys.open(Buffer.from(kept.sealed, 'base64'))
}

interface Reading {
  wish: ImportWish
  header: Header
  prepared: Wish
  from: { no: number; byte: number }
}

async function* batches(ctx: Ctx, { wish, header, prepared, from }: Reading): AsyncGenerator<Batch> {
  const most = wish.batchLines ?? BATCH_LINES
  let batch: Batch = { lines: [], no: from.no - 1, endsAt: from.byte }
  let proofs = 0
  for await (const fileLine of readLines(wish.path, from)) {
    const line = prepareLine(ctx, fileLine, header, prepared)
    if (line) batch.lines.push(line)
    if (line && 'sure' in line) proofs += line.sure.length + 1
    batch.no = fileLine.no
    batch.endsAt = fileLine.endsAt
    if (batch.lines.length < most && proofs < BATCH_PROOFS) continue
    yield batch
    proofs = 0
    batch = { lines: [], no: batch.no, endsAt: batch.endsAt }
  }
  if (batch.endsAt > from.byte || batch.lines.length > 0) yield batch
}

/** Reads the next one while the last one is being written. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next()
  next.catch(() => {})
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      next = source.next()
      next.catch(() => {})
      yield value
    }
  } finally {
    await source.return(undefined)
  }
}

interface Taking {
  batch: Batch
  run: Run
  fileHash: string
  problems: ProblemFile
  dryRun: boolean
}

/** What a batch hears of somebody who is held, leaves or is merged between its look and its write. */
const MET = ['BUSY', 'MEMBER_UNKNOWN', 'MERGE_BLOCKED']

/** Somebody at the counter may hold one of these members just now, or they leave: a batch that met them looks again. */
async function takePatiently(ctx: Ctx, { batch, run, fileHash, problems, dryRun }: Taking): Promise<Counts> {
  const keep = async (tx: Ctx, counts: Counts) => {
    const { count } = await tx.db.importRun.updateMany({
      where: { fileHash, lines: run.lines, finishedAt: null },
      data: { lines: batch.no, bytes: batch.endsAt, counts: { ...counts }, updatedAt: tx.now() },
    })
    if (count === 0) throw new Error('another process is taking in this file just now')
  }
  for (let tried = 1; ; tried++) {
    try {
      return await takeBatch(ctx, batch, {
        startedAt: run.startedAt,
        counts: run.counts,
        problems,
        keep: dryRun ? null : keep,
      })
    } catch (error) {
      if (!(error instanceof Refusal) || !MET.includes(error.fault.code) || tried === TRIES) throw error
      await pause(AGAIN_MS * tried)
    }
  }
}
