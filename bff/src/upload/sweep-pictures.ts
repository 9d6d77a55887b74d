import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { SHELVES } from '../picture-store'

/** So often the next shelf is looked through; all of them take less than a day. */
export const SWEEP_SECONDS = 300

/**
 * Removes what lies in a shelf without a row that names it, a day after it was written: of a process that ended between the bytes
 * and their row, or between a row and its bytes. The shelf is that of the hour unless one is named, so that nobody needs to remember.
 * → how many were removed
 */
export async function sweepPictures(ctx: Ctx, { shelf }: { shelf?: number } = {}): Promise<number> {
  const now = ctx.now().getTime()
  const due = shelf ?? Math.floor(now / 1000 / SWEEP_SECONDS) % SHELVES
  const old = (await ctx.pictures.list(due)).filter(({ changedAt }) => changedAt.getTime() < now - DAY_MS)
  if (old.length === 0) return 0
  const rows = await ctx.db.upload.findMany({
    where: { uploadId: { in: old.map(({ name }) => name.slice(0, 36)) }, storageKey: { not: null } },
    select: { storageKey: true },
  })
  const kept = new Set(rows.map(({ storageKey }) => storageKey))
  const stray = old.filter(({ name }) => !kept.has(name))
  for (const { name } of stray) await ctx.pictures.remove(name)
  return stray.length
}
