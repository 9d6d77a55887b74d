import type { Fault } from '@huiyuan/shared/faults'
import { type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { Refusal, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'

export interface HandedOver {
  title: string
  art: string
  pieceNo: number | null
  pickedUpAt: string
  /** The coupon that a trial pack brought along. */
  followUp?: { title: string; expiresAt: string }
}

/** What the database answers: a wrong code must stay in the audit, so it comes back instead of being raised. */
type HandOverAnswer = { done: HandedOver } | { fault: Fault }

/**
 * Hands over what the customer in front of the counter names by its pick-up code; once.
 * @throws CODE_NEEDED, PICKUP_WRONG, PICKUP_NOT_READY, REDEMPTION_DONE, VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED
 */
export async function handOverRedemption(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; visitId: string; memberRef: string; pickupCode: string },
): Promise<HandedOver> {
  // the reference is sealed afresh each time it is handed out; what it stands for is in the visit's id
  const { memberRef, ...asked } = input
  const own = readMemberRef(ctx.keys, input.visitId, memberRef)
  const call = {
    request: commandOf(ctx, 'mall.handOver', asked),
    staffId: staff.memberId,
    visitId: input.visitId,
    pickupCode: input.pickupCode,
    at: ctx.now(),
  }
  const answer = await twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    return ctx.sql<HandOverAnswer>('mall_hand_over', { ...call, memberId })
  })
  if ('fault' in answer) throw new Refusal(answer.fault)
  return answer.done
}
