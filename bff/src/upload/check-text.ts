import type { Ctx } from '../ctx'
import type { ContentScene } from '../wechat'
import { findOpenid } from './openid'

/** `unknown`: nobody could be asked, so a person must look. */
export type TextCheck = 'pass' | 'review' | 'refused' | 'unknown'

const SAID = { pass: 'pass', review: 'review', risky: 'refused' } as const

/**
 * What WeChat says of a member's words (up to 2,500 characters), for `scene` as readers will meet them. It holds nobody up: somebody
 * without the mini-program, or unseen there for two hours, or a WeChat that is away, leaves it unknown.
 */
export async function checkText(
  ctx: Ctx,
  { memberId, text, scene }: { memberId: string; text: string; scene: ContentScene },
): Promise<TextCheck> {
  try {
    const person = await findOpenid(ctx, memberId)
    if (!person) return 'unknown'
    const said = await ctx.wechat.securityText({ ...person, scene, text })
    return 'refusal' in said ? 'unknown' : SAID[said.suggest]
  } catch (error) {
    ctx.log.warn({ memberId, trouble: error instanceof Error ? error.name : 'unknown' }, 'a text was not checked')
    return 'unknown'
  }
}
