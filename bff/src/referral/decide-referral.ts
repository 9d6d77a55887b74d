import type { ReferralReason, ReferralState } from '@huiyuan/shared/referral'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'
import { readCaseRef } from './case-ref'

/**
 * An operator's word on a reward that waits for a person, or on an appeal. `pay` clears what speaks against it and holds it until
 * its day; a granted appeal takes its place under the cap and its points anew, so it may still end as refused, with the reason.
 * Any number of decisions has one effect.
 * @throws NOT_FOUND, REVIEW_DONE, REVIEW_OWN, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED
 */
export function decideReferral(
  ctx: Ctx,
  wish: { requestId: string; caseRef: string; how: 'pay' | 'refuse'; answer: string },
): Promise<{ state: ReferralState; reason: ReferralReason | null }> {
  const { requestId, caseRef, how, answer } = wish
  const named = readCaseRef(ctx.keys, caseRef)
  // sealed anew in every list: the same case has many references
  const asked = { requestId, how, answer, referralId: named.referralId }
  return twiceWhenBusy(() =>
    ctx.sql('referral_decide', {
      request: commandOf(ctx, 'referral.decide', asked),
      staffId: memberIdOf(ctx),
      ...named,
      how,
      answer,
      at: ctx.now(),
    }),
  )
}
