import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { cancelDue } from './cancel-due'
import { answerOrProven, type SecondProof } from './prove-again'

export interface Asked {
  askedAt: string
  /** It can be taken back until then, ISO. */
  dueAt: string
}

/**
 * Asks to leave, by somebody who shows once more who they are. Until the day has come everything works as before, but no other
 * record joins this one; asked twice it is asked once.
 * @throws CANCEL_BLOCKED naming what stands in the way, and the faults of the second proof
 */
export async function askCancellation(ctx: Ctx, input: { requestId: string; proof: SecondProof }): Promise<Asked> {
  const memberId = memberIdOf(ctx)
  const request = commandOf(ctx, 'privacy.cancel', input)
  const before = await answerOrProven<Asked>(ctx, request, input.proof)
  return before ?? ctx.sql<Asked>('cancellation_ask', { request, memberId, at: ctx.now(), dueAt: cancelDue(ctx) })
}

/** Takes the application back. `withdrawn` is false when there was none. */
export const withdrawCancellation = (ctx: Ctx, input: { requestId: string }): Promise<{ withdrawn: boolean }> =>
  ctx.sql('cancellation_withdraw', {
    request: commandOf(ctx, 'privacy.stay', input),
    memberId: memberIdOf(ctx),
    at: ctx.now(),
  })
