import type { Ctx } from '../ctx'
import { survivingId } from '../member'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { readMemberRef } from './member-ref'

/** The live visit of the own store that a till names. @throws VISIT_UNKNOWN, VISIT_OVER */
export async function getVisit(
  ctx: Ctx,
  staff: AtWork,
  { visitId, memberRef }: { visitId: string; memberRef: string },
) {
  const memberId = await survivingId(ctx.db, readMemberRef(ctx.keys, visitId, memberRef))
  const visit = await ctx.db.visit.findUnique({
    where: { memberId_visitId: { memberId, visitId }, storeId: staff.storeId },
    select: { memberId: true, visitId: true, method: true, expiresAt: true },
  })
  if (!visit) return refuse('VISIT_UNKNOWN')
  return visit.expiresAt > ctx.now() ? visit : refuse('VISIT_OVER')
}
