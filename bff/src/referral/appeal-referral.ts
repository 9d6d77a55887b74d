import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'

/**
 * An inviter asks that a refusal be looked at once more, by another colleague. Once for each friend. `words`: 1 to 200 signs.
 * → {askedAt}: ISO time
 * @throws NOT_FOUND, REVIEW_DONE, APPEAL_OVER, APPEAL_DONE, REQUEST_REUSED, BUSY
 */
export const appealReferral = (
  ctx: Ctx,
  wish: { requestId: string; referralId: string; words: string },
): Promise<{ askedAt: string }> =>
  twiceWhenBusy(() =>
    ctx.sql('referral_ask', {
      request: commandOf(ctx, 'referral.appeal', wish),
      memberId: memberIdOf(ctx),
      referralId: wish.referralId,
      words: wish.words,
      appealDays: ctx.policy.appealDays,
      at: ctx.now(),
    }),
  )
