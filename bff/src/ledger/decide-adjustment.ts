import { ADJUSTMENT_TITLES, adjustmentEnds } from '@huiyuan/shared/adjustment'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'
import { type AdjustmentRow, type ShownAdjustment, shownAdjustments } from './shown-adjustment'

/**
 * A second operator's word on a waiting correction; agreeing carries it out. Any number of decisions has one effect, and nobody
 * decides on what they proposed themselves or on their own points.
 * @throws NOT_FOUND, ADJUSTMENT_OWN, ADJUSTMENT_DONE, MEMBER_UNKNOWN, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED, BUSY
 */
export async function decideAdjustment(
  ctx: Ctx,
  wish: { requestId: string; adjustmentId: string; agree: boolean; note?: string | undefined },
): Promise<ShownAdjustment> {
  const staffId = memberIdOf(ctx)
  const at = ctx.now()
  const call = {
    request: commandOf(ctx, 'ledger.decide', wish),
    staffId,
    adjustmentId: wish.adjustmentId,
    agree: wish.agree,
    note: wish.note || null,
    titles: ADJUSTMENT_TITLES,
    expiresAt: adjustmentEnds(at, ctx.policy),
    at,
  }
  const row = await twiceWhenBusy(() => ctx.sql<AdjustmentRow>('adjustment_decide', call))
  return (await shownAdjustments(ctx, staffId, [row]))[0] as ShownAdjustment
}
