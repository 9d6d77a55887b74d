import { type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'

/**
 * Gives a hold up: coupons, points and rights can be used at once again. False when it has been paid meanwhile.
 * @throws HOLD_OVER for a hold that this visit never had, VISIT_UNKNOWN, STAFF_NEEDED, REQUEST_REUSED
 */
export async function releaseHold(
  ctx: Ctx,
  staff: AtWork,
  { memberRef, ...asked }: { requestId: string; visitId: string; memberRef: string; holdId: string },
): Promise<{ released: boolean }> {
  const memberId = readMemberRef(ctx.keys, asked.visitId, memberRef)
  const request = commandOf(ctx, 'order.release', asked)
  return twiceWhenBusy(async (again) =>
    ctx.sql('order_release', {
      request,
      staffId: staff.memberId,
      keyId: staff.keyId,
      memberId: again ? await survivingId(ctx.db, memberId) : memberId,
      visitId: asked.visitId,
      holdId: asked.holdId,
      at: ctx.now(),
    }),
  )
}
