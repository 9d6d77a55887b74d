import { endOfMonthAfter } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { alongOf, type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'
import { regainFromOf } from './obligation-facts'

export interface Rewarded {
  /** 0 when the budget is gone; honour and coupon are given all the same. */
  points: number
  honourName: string | null
  /** The coupon's title; null also when there was none left. */
  coupon: string | null
}

export interface CheckedIn {
  title: string
  progress: number
  target: number
  /** At the goal: what was given. */
  rewarded: Rewarded | null
}

/**
 * Confirms one step of an obligation for the member who stands there with a live code, and gives the reward at the
 * goal: proof, points, honour and budget in one statement (I-O1). Whoever comes to an activity has attended it, which
 * other nouns hear of.
 * @throws CODE_NEEDED, CHECKIN_TOO_SOON, PROOF_KIND, OBLIGATION_DONE, OBLIGATION_OVER, OBLIGATION_STOPPED,
 *   OBLIGATION_NOT_OPEN, OBLIGATION_ELSEWHERE, HONOUR_NEEDED, TIER_NEEDED, NOT_FOUND, VISIT_UNKNOWN, VISIT_OVER,
 *   STAFF_NEEDED, REQUEST_REUSED
 */
export async function checkInObligation(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; visitId: string; memberRef: string; obligationId: string },
): Promise<CheckedIn> {
  // the reference is sealed afresh each time it is handed out; what it stands for is in the visit's id
  const { memberRef, ...asked } = input
  const { visitId, obligationId } = asked
  const own = readMemberRef(ctx.keys, visitId, memberRef)
  const request = commandOf(ctx, 'obligation.checkIn', asked)
  const at = ctx.now()
  const proofId = uuidv7({ msecs: at.getTime() })
  const call = {
    request,
    staffId: staff.memberId,
    visitId,
    obligationId,
    instanceId: uuidv7({ msecs: at.getTime() }),
    proofId,
    at,
    regainFrom: regainFromOf(at, ctx.policy),
    expiresAt: endOfMonthAfter(at, ctx.policy.expiryMonths),
  }
  return twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    const along = alongOf(ctx, 'obligation.attended', { memberId, obligationId, proofId, at })
    return ctx.sql<CheckedIn>('obligation_check_in', { ...call, memberId, along })
  })
}
