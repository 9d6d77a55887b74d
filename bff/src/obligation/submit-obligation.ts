import { type HandIn, handInGaps, type Wants } from '@huiyuan/shared/obligation-proof'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { checkWords } from './check-words'
import { type ObligationRow, regainFromOf, type ShownObligation, shownObligation } from './obligation-facts'
import { isPublicLink } from './public-link'

export interface Submission extends HandIn {
  requestId: string
  obligationId: string
}

/**
 * Hands something in for what was taken up. Its words are checked before anything is written, its pictures as WeChat answers; then a
 * person looks. What is missing or too much is named field by field.
 * @throws NOT_FOUND, PROOF_KIND, PROOF_INCOMPLETE, PROOF_LINK, CONTENT_REFUSED, PROOF_WAITING, OBLIGATION_DONE, OBLIGATION_STOPPED,
 *   OBLIGATION_OVER, OBLIGATION_NOT_OPEN, HONOUR_NEEDED, TIER_NEEDED, NOT_TAKEN_UP, TRIES_OVER, CHECKIN_TOO_SOON, UPLOAD_GONE,
 *   REQUEST_REUSED
 */
export async function submitObligation(ctx: Ctx, input: Submission): Promise<ShownObligation> {
  const own = memberIdOf(ctx)
  const { obligationId, uploadIds, rating, orderId } = input
  const text = input.text?.trim() || undefined
  const link = input.link?.trim() || undefined
  await checkForm(ctx, obligationId, { text, link, rating, orderId, uploadIds })
  const textCheck = text ? await checkWords(ctx, own, text) : undefined
  const at = ctx.now()
  const row = await twiceWhenBusy(async (again) =>
    ctx.sql<ObligationRow>('obligation_submit', {
      request: commandOf(ctx, 'obligation.submit', input),
      memberId: again ? await survivingId(ctx.db, own) : own,
      obligationId,
      submissionId: uuidv7({ msecs: at.getTime() }),
      ...{ text, link, rating, orderId, uploadIds, textCheck, at },
      regainFrom: regainFromOf(at, ctx.policy),
    }),
  )
  return shownObligation(ctx, row)
}

/** What is wanted stands from the start of an obligation on, so it can be read ahead. */
async function checkForm(ctx: Ctx, obligationId: string, handIn: HandIn): Promise<void> {
  const duty = await ctx.db.obligation.findUnique({ where: { obligationId }, select: { wants: true } })
  if (!duty) return refuse('NOT_FOUND', { noun: 'obligation' })
  const wants = duty.wants as Wants | null
  if (!wants) return refuse('PROOF_KIND')
  const fields = handInGaps(wants, handIn)
  if (fields.length > 0) return refuse('PROOF_INCOMPLETE', { fields })
  if (handIn.link && !(await isPublicLink(handIn.link, ctx.outside.resolve))) return refuse('PROOF_LINK')
}
