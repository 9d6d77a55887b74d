import type { Ctx } from '../ctx'
import { uploadUrl } from '../upload'

/** A picture of a hand-in, as the database gives it. */
export interface PictureRow {
  uploadId: string
  state: 'checking' | 'passed' | 'doubtful' | 'refused' | 'removed'
  width: number
  height: number
  /** Its bytes are still there. */
  kept: boolean
  /** Another hand-in has shown the same picture. */
  seen: boolean
}

export interface Picture {
  uploadId: string
  state: PictureRow['state']
  width: number
  height: number
  /** Path and query below the server's own address, for a while; null when the bytes are gone. */
  url: string | null
}

export const pictureOf = (
  ctx: Pick<Ctx, 'keys' | 'now'>,
  { uploadId, state, width, height, kept }: PictureRow,
): Picture => ({ uploadId, state, width, height, url: kept ? uploadUrl(ctx, uploadId) : null })
