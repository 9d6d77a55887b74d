import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from '../visit'

export interface UsedRight {
  title: string
  /** How often it can still be used in this period; null without limit. */
  left: number | null
  /** When it is there again, once it is used up; null for never. */
  backAt: string | null
}

/**
 * Gives a free service to the customer in front of the counter; once, within the quota at any number of tills (I-R1).
 * @throws RIGHT_LOCKED, RIGHT_USED_UP, CODE_NEEDED, NOT_FOUND, VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED, REQUEST_REUSED
 */
export async function useRight(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; visitId: string; memberRef: string; rightId: string },
): Promise<UsedRight> {
  // the reference is sealed afresh each time it is handed out; what it stands for is in the visit's id
  const { memberRef, ...asked } = input
  const own = readMemberRef(ctx.keys, input.visitId, memberRef)
  const at = ctx.now()
  const call = {
    request: commandOf(ctx, 'right.use', asked),
    serviceId: uuidv7({ msecs: at.getTime() }),
    staffId: staff.memberId,
    keyId: staff.keyId,
    visitId: input.visitId,
    rightId: input.rightId,
    at,
  }
  return twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    return ctx.sql<UsedRight>('right_serve', { ...call, memberId })
  })
}
