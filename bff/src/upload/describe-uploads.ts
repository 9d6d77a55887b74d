import type { Ctx } from '../ctx'
import { uploadUrl } from './upload-url'

export interface Picture {
  uploadId: string
  state: 'checking' | 'passed' | 'doubtful' | 'refused' | 'removed'
  /** Path and query below the server's own address; null when the bytes are gone. */
  url: string | null
  width: number
  height: number
  /** The very same pixels were handed in before, by whomever. */
  seenBefore: boolean
}

const STATES = ['checking', 'passed', 'doubtful', 'refused', 'removed'] as const

/** Pictures of one member in the order of their ids, with links for whoever may see them. Unknown ids are left out. */
export async function describeUploads(ctx: Ctx, memberId: string, uploadIds: string[]): Promise<Picture[]> {
  if (uploadIds.length === 0) return []
  const rows = await ctx.db.upload.findMany({ where: { memberId, uploadId: { in: uploadIds } } })
  const same = await ctx.db.upload.findMany({
    where: { sha256: { in: rows.map(({ sha256 }) => sha256) }, usedBy: { not: null } },
    select: { sha256: true, uploadId: true, createdAt: true },
  })
  return uploadIds.flatMap((uploadId) => {
    const row = rows.find((one) => one.uploadId === uploadId)
    if (!row) return []
    const { width, height, sha256, createdAt, storageKey } = row
    const state = STATES.find((one) => one === row.state) ?? 'removed'
    const seenBefore = same.some(
      (one) => one.sha256 === sha256 && one.uploadId !== uploadId && one.createdAt <= createdAt,
    )
    return [{ uploadId, state, url: storageKey ? uploadUrl(ctx, uploadId) : null, width, height, seenBefore }]
  })
}
