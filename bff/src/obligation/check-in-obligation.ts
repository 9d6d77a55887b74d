import { honourUntil, OBLIGATION_STEPS } from '@huiyuan/shared/obligation'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'

export interface CheckedIn {
  title: string
  progress: number
  target: number
  /** At the goal: what was given. 0 points when the budget is gone; the honour is given all the same. */
  rewarded: { points: number; honourName: string | null } | null
}

/**
 * Confirms one step of an obligation for the member who stands there with a live code, and gives the reward at the
 * goal: proof, points, honour and budget in one statement (I-O1).
 * @throws CODE_NEEDED, CHECKIN_TOO_SOON, OBLIGATION_DONE, OBLIGATION_OVER, OBLIGATION_NOT_OPEN, OBLIGATION_ELSEWHERE,
 *   TIER_NEEDED, NOT_FOUND, VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED, REQUEST_REUSED
 */
export async function checkInObligation(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; visitId: string; memberRef: string; obligationId: string },
): Promise<CheckedIn> {
  // the reference is sealed afresh each time it is handed out; what it stands for is in the visit's id
  const { memberRef, ...asked } = input
  const { visitId, obligationId } = asked
  const memberId = readMemberRef(ctx.keys, visitId, memberRef)
  const request = commandOf(ctx, 'obligation.checkIn', asked)
  const at = ctx.now()
  const call = {
    request,
    staffId: staff.memberId,
    visitId,
    obligationId,
    instanceId: uuidv7({ msecs: at.getTime() }),
    proofId: uuidv7({ msecs: at.getTime() }),
    at,
    steps: OBLIGATION_STEPS,
    honourUntil: honourUntil(await termOf(ctx, obligationId), at),
    expiresAt: endOfMonthAfter(at, ctx.policy.expiryMonths),
  }
  return twiceWhenBusy(async (again) => {
    const owner = again ? await survivingId(ctx.db, memberId) : memberId
    return ctx.sql<CheckedIn>('obligation_check_in', { ...call, memberId: owner })
  })
}

/** How long the honour behind an obligation is worn. */
async function termOf(ctx: Ctx, obligationId: string): Promise<number | null> {
  const duty = await ctx.db.obligation.findUnique({ where: { obligationId }, select: { honourId: true } })
  if (!duty?.honourId) return null
  const honour = await ctx.db.honour.findUnique({ where: { honourId: duty.honourId }, select: { termMonths: true } })
  return honour?.termMonths ?? null
}
