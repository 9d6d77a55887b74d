import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import { checkWords } from './check-words'
import { type ObligationRow, regainFromOf, type ShownObligation, shownObligation } from './obligation-facts'

/**
 * Asks that the refusal of the last hand-in be looked at once more, by somebody else.
 * @throws NOT_FOUND, CONTENT_REFUSED, APPEAL_DONE, APPEAL_OVER, PROOF_WAITING, OBLIGATION_DONE, REQUEST_REUSED
 */
export async function appealSubmission(
  ctx: Ctx,
  input: { requestId: string; submissionId: string; words: string },
): Promise<ShownObligation> {
  const own = memberIdOf(ctx)
  const { submissionId, words } = input
  await checkWords(ctx, own, words)
  const at = ctx.now()
  const row = await twiceWhenBusy(async (again) =>
    ctx.sql<ObligationRow>('obligation_appeal', {
      request: commandOf(ctx, 'obligation.appeal', input),
      memberId: again ? await survivingId(ctx.db, own) : own,
      ...{ submissionId, words, at },
      appealDays: ctx.policy.appealDays,
      regainFrom: regainFromOf(at, ctx.policy),
    }),
  )
  return shownObligation(ctx, row)
}
