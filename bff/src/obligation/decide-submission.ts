import type { ObligationState } from '@huiyuan/shared/obligation'
import type { Rejection } from '@huiyuan/shared/obligation-proof'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import type { Rewarded } from './check-in-obligation'
import { readSubmissionRef } from './submission-ref'

/** A person's reasons; `content` is the machine's. */
export type Verdict =
  | { how: 'approve'; reason?: undefined; answer?: string | undefined }
  | { how: 'reject'; reason?: Exclude<Rejection, 'content'> | undefined; answer?: string | undefined }

export interface Decided {
  state: ObligationState
  progress: number
  target: number
  rewarded: Rewarded | null
}

/**
 * An operator's word on a hand-in, or on an appeal: approved, it is one confirmed step, and at the goal the reward is given. Any
 * number of decisions has one effect.
 * @throws NOT_FOUND, REVIEW_DONE, REVIEW_OWN, BAD_INPUT (a refusal without a reason), STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED
 */
export async function decideSubmission(
  ctx: Ctx,
  input: { requestId: string; caseRef: string } & Verdict,
): Promise<Decided> {
  const { requestId, caseRef, how, reason, answer } = input
  if (how === 'reject' && !reason) return refuse('BAD_INPUT', { fields: [{ path: 'reason', problem: 'missing' }] })
  const named = readSubmissionRef(ctx.keys, caseRef)
  const at = ctx.now()
  // sealed anew in every list: the same case has many references
  const asked = { requestId, how, reason, answer, submissionId: named.submissionId }
  return twiceWhenBusy(() =>
    ctx.sql<Decided>('obligation_decide', {
      request: commandOf(ctx, 'obligation.decide', asked),
      staffId: memberIdOf(ctx),
      ...named,
      ...{ how, reason, answer, at },
      expiresAt: endOfMonthAfter(at, ctx.policy.expiryMonths),
    }),
  )
}
