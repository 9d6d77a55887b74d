import { alongOf, type Ctx } from '../ctx'
import { survivingId } from '../member'
import { Refusal, twiceWhenBusy } from '../refusal'
import type { ContentVerdict } from '../wechat'

export interface Checked {
  memberId: string
  uploadId: string
  verdict: 'passed' | 'doubtful' | 'refused'
  /** WeChat's number for what it found; null when it did not say. */
  label: number | null
}

const SAID = { pass: 'passed', review: 'doubtful', risky: 'refused' } as const

/** Writes down what was found in a picture and tells who shows it; what is forbidden goes from the disk. Done before: nothing happens. */
export async function markChecked(ctx: Ctx, { memberId: named, uploadId, verdict, label }: Checked): Promise<void> {
  try {
    await twiceWhenBusy(async (again) => {
      const memberId = again ? await survivingId(ctx.db, named) : named
      const at = ctx.now()
      const along = alongOf(ctx, 'upload.checked', { memberId, verdict, at })
      const call = { memberId, uploadId, verdict, label, at, along }
      const done = await ctx.sql<{ storageKey: string | null } | null>('upload_checked', call)
      if (done?.storageKey) await ctx.pictures.remove(done.storageKey)
    })
  } catch (error) {
    // whoever has left took their pictures along
    if (!(error instanceof Refusal && error.fault.code === 'MEMBER_UNKNOWN')) throw error
  }
}

/**
 * WeChat's word on the picture that it was asked about under `traceId`; no word of its own is a doubt.
 * → false for a name that nobody here knows, or not yet: the push may be quicker than the answer that names it
 */
export async function hearCheck(ctx: Ctx, traceId: string, said: ContentVerdict | null): Promise<boolean> {
  const row = await ctx.db.upload.findFirst({ where: { traceId }, select: { memberId: true, uploadId: true } })
  if (!row) return false
  await markChecked(ctx, { ...row, verdict: said ? SAID[said.suggest] : 'doubtful', label: said ? said.label : null })
  return true
}
