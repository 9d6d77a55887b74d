import { ADJUSTMENT_TITLES, type AdjustmentReason, adjustmentEnds, adjustmentRefusal } from '@huiyuan/shared/adjustment'
import { dayText } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { Refusal, twiceWhenBusy } from '../refusal'
import { subjectId } from './find-subject'
import { type AdjustmentRow, type ShownAdjustment, shownAdjustments } from './shown-adjustment'

export interface AdjustmentWish {
  requestId: string
  memberNo: string
  /** Signed, not zero. */
  points: number
  reason: AdjustmentReason
  note: string
}

/**
 * Corrects a member's points by hand. What the operator may still move alone today is done at once; more waits for a second
 * operator. Fewer than there are leaves visible debt, which the next lots pay.
 * @throws BAD_INPUT, MEMBER_UNKNOWN, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED, BUSY
 */
export async function adjustPoints(ctx: Ctx, wish: AdjustmentWish): Promise<ShownAdjustment> {
  const { memberNo, points, reason, note } = wish
  const refusal = adjustmentRefusal(points, ctx.policy)
  if (refusal) throw new Refusal(refusal)
  const staffId = memberIdOf(ctx)
  const at = ctx.now()
  const call = {
    request: commandOf(ctx, 'ledger.adjust', wish),
    staffId,
    adjustmentId: uuidv7({ msecs: at.getTime() }),
    points,
    reason,
    note,
    day: dayText(at),
    aloneLimit: ctx.policy.adjustAloneLimit,
    titles: ADJUSTMENT_TITLES,
    expiresAt: adjustmentEnds(at, ctx.policy),
    at,
  }
  const row = await twiceWhenBusy(async () =>
    ctx.sql<AdjustmentRow>('adjustment_propose', { ...call, memberId: await subjectId(ctx, memberNo) }),
  )
  return (await shownAdjustments(ctx, staffId, [row]))[0] as ShownAdjustment
}
