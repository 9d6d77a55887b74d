import { setTimeout as pause } from 'node:timers/promises'
import { startOfBusinessDay } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import type { Ctx } from '../ctx'
import { survivingId } from '../member'
import { Refusal, twiceWhenBusy } from '../refusal'
import { askCheck } from './ask-check'
import { type Repainted, repaintPicture } from './repaint-picture'
import { turns } from './turns'
import { uploadUrl } from './upload-url'

export interface KeptUpload {
  uploadId: string
  state: 'checking' | 'passed' | 'doubtful'
  width: number
  height: number
  /** Path and query below the server's own address; good for an hour. */
  url: string
}

/** Unfolded pictures are large: so many at once, whoever sent them. */
const painting = turns({ most: 2, mostEach: 2, mostWaiting: 1_000 })
/** Whoever sent the picture waits no longer for WeChat to take note of it. */
const ASK_MS = 2_500

/**
 * Keeps a picture that the member sent: painted anew, its bytes stored before its row, and shown to WeChat. Sent again within the hour
 * while nobody used it, it is the one there is. Of what is refused nothing stays.
 * @throws UPLOAD_TYPE, UPLOAD_BROKEN, UPLOAD_PIXELS, UPLOAD_LIMIT
 */
export async function keepUpload(ctx: Ctx, memberId: string, given: Buffer): Promise<KeptUpload> {
  const picture = await painting.run('', () => repaintPicture(given))
  const uploadId = uuidv7()
  await ctx.pictures.put(uploadId, picture.bytes)
  const kept = await writeRow(ctx, memberId, uploadId, picture).catch(async (error: unknown) => {
    // where the answer was lost the row may stand, and a row has its bytes; without a row a job removes them
    if (error instanceof Refusal && error.fault.code !== 'SERVICE_AWAY') await ctx.pictures.remove(uploadId)
    throw error
  })
  if (kept.uploadId !== uploadId) await ctx.pictures.remove(uploadId)
  const asked = kept.uploadId === uploadId ? askCheck(ctx, { memberId, uploadId }) : Promise.resolve(kept.state)
  const state = await Promise.race([asked, pause(ASK_MS, kept.state, { ref: false })])
  const { width, height } = picture
  return { uploadId: kept.uploadId, state, width, height, url: uploadUrl(ctx, kept.uploadId) }
}

const writeRow = (ctx: Ctx, named: string, uploadId: string, picture: Repainted) =>
  twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, named) : named
    const { mime, bytes, width, height, sha256 } = picture
    const at = ctx.now()
    return ctx.sql<{ uploadId: string; state: KeptUpload['state'] }>('upload_put', {
      ...{ memberId, uploadId, mime, bytes: bytes.length, width, height, sha256, storageKey: uploadId, at },
      dayStart: startOfBusinessDay(at),
      perDay: ctx.policy.uploads.perDay,
    })
  })
