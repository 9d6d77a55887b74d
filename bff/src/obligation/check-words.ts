import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { checkText, type TextCheck } from '../upload'

/** What the machine says of a member's words; what it forbids goes no further. @throws CONTENT_REFUSED */
export async function checkWords(ctx: Ctx, memberId: string, text: string): Promise<Exclude<TextCheck, 'refused'>> {
  const said = await checkText(ctx, { memberId, text, scene: 'comment' })
  return said === 'refused' ? refuse('CONTENT_REFUSED') : said
}
