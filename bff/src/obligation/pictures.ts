import type { Ctx } from '../ctx'

/** A picture of a hand-in, as the database gives it. */
export interface PictureRow {
  uploadId: string
  memberId: string
  state: 'checking' | 'passed' | 'doubtful' | 'refused' | 'removed'
  storageKey: string | null
  /** Another hand-in has shown the same picture. */
  seen: boolean
}

export interface Picture {
  uploadId: string
  /** For a while; null for one whose bytes are gone. */
  url: string | null
}

export const pictureOf = (_ctx: Ctx, { uploadId }: PictureRow): Picture => ({ uploadId, url: null })
