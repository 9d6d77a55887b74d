import type { Fault } from '@huiyuan/shared/faults'
import { v7 as uuidv7 } from 'uuid'
import { checkCode } from '../code'
import { type Ctx, commandOf } from '../ctx'
import { Refusal, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { type OpenedVisit, type ShownVisit, showVisit } from './show-visit'

/** What the database answers: a try that found nobody stays counted, so it comes back instead of being raised. */
export type VisitAnswer = { visit: OpenedVisit } | { fault: Fault }

/**
 * Spends a member code and opens a visit at a till of the own store. Sent again, it shows the same visit.
 * @throws CODE_MALFORMED, CODE_WRONG, CODE_OLD, CODE_USED, CODE_LOCKED, TILL_LOCKED, TILL_UNKNOWN, STAFF_NEEDED
 */
export async function scanVisit(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; code: string; tillId: string },
): Promise<ShownVisit> {
  const opening = openingOf(ctx, staff, 'visit.scan', input)
  const answer = await twiceWhenBusy(async () => {
    const { handle, step, secondsOff } = await checkCode(ctx, input.code)
    return ctx.sql<VisitAnswer>('visit_scan', {
      ...opening,
      handle,
      step,
      secondsOff,
      handleLimit: ctx.policy.codeFailuresPerHour,
    })
  })
  return showVisit(ctx, visitOf(answer))
}

/** What every way of opening a visit tells the database. */
export function openingOf(
  ctx: Ctx,
  staff: AtWork,
  verb: string,
  input: { requestId: string; tillId: string } & Record<string, unknown>,
) {
  const at = ctx.now()
  return {
    request: commandOf(ctx, verb, input),
    staffId: staff.memberId,
    keyId: staff.keyId,
    tillId: input.tillId,
    tillLimit: ctx.policy.tillFailuresPerHour,
    at,
    expiresAt: new Date(at.getTime() + ctx.policy.visitMinutes * 60_000),
    visitId: uuidv7({ msecs: at.getTime() }),
  }
}

export function visitOf(answer: VisitAnswer): OpenedVisit {
  if ('fault' in answer) throw new Refusal(answer.fault)
  return answer.visit
}
