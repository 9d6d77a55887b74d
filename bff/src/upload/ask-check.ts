import type { Ctx } from '../ctx'
import { markChecked } from './mark-checked'
import { findOpenid } from './openid'
import { uploadUrl } from './upload-url'

/**
 * Asks WeChat to look at a picture; its word comes as a push. Somebody whom WeChat knows nothing of, or has not seen for two hours,
 * cannot be asked about: a person has to look. A WeChat that is away is asked again by the job.
 * → the state by now
 */
export async function askCheck(
  ctx: Ctx,
  { memberId, uploadId }: { memberId: string; uploadId: string },
): Promise<'checking' | 'doubtful'> {
  try {
    const person = await findOpenid(ctx, memberId)
    const url = `${ctx.publicUrl}${uploadUrl(ctx, uploadId)}`
    const said = person && (await ctx.wechat.mediaCheck({ ...person, scene: 'comment', url }))
    if (said && 'traceId' in said) {
      await ctx.sql('upload_asked', { memberId, uploadId, traceId: said.traceId })
      return 'checking'
    }
    await markChecked(ctx, { memberId, uploadId, verdict: 'doubtful', label: null })
    return 'doubtful'
  } catch (error) {
    ctx.log.warn(
      { uploadId, trouble: error instanceof Error ? error.name : 'unknown' },
      'a picture was not shown to WeChat',
    )
    await ctx.sql('upload_asked', { memberId, uploadId })
    return 'checking'
  }
}
