import { isMemberNo } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import { normalPhone } from '../sms'
import type { AtWork } from '../staff'
import { openingOf, type VisitAnswer, visitOf } from './scan-visit'
import { type ShownVisit, showVisit } from './show-visit'

export type SpokenMember = { memberNo: string; phone?: undefined } | { phone: string; memberNo?: undefined }

/**
 * Opens a visit for a number on a card or a spoken phone: it earns and shows masked data, no more. Whom nobody knows
 * is answered the same way each time and counted at the till, so that phones cannot be tried out.
 * @throws MEMBER_UNKNOWN, PHONE_INVALID, TILL_LOCKED, TILL_UNKNOWN, STAFF_NEEDED
 */
export async function findVisit(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; tillId: string } & SpokenMember,
): Promise<ShownVisit> {
  const { requestId, tillId } = input
  const spoken = spokenOf(input)
  const opening = openingOf(ctx, staff, 'visit.find', { requestId, tillId, ...spoken })
  const answer = await twiceWhenBusy(async () =>
    ctx.sql<VisitAnswer>('visit_find', {
      ...opening,
      method: spoken.memberNo ? 'member_no' : 'phone',
      memberId: await findSpoken(ctx, spoken),
    }),
  )
  return showVisit(ctx, visitOf(answer))
}

/** The same member however it was typed. A slip that no card can have reveals nothing and is not counted. */
function spokenOf(input: SpokenMember): SpokenMember {
  if (input.memberNo === undefined) return { phone: normalPhone(input.phone) ?? refuse('PHONE_INVALID') }
  const memberNo = input.memberNo.replace(/\s+/g, '')
  return isMemberNo(memberNo) ? { memberNo } : refuse('MEMBER_UNKNOWN')
}

async function findSpoken(ctx: Ctx, { memberNo, phone }: SpokenMember): Promise<string | null> {
  if (memberNo !== undefined) {
    const hit = await ctx.db.memberNo.findUnique({ where: { memberNo }, select: { memberId: true } })
    return hit?.memberId ?? null
  }
  const hit = await ctx.db.identity.findFirst({
    where: { kind: 'phone', issuer: '', subject: { in: ctx.keys.hashes('phone', phone) } },
    select: { memberId: true },
  })
  return hit?.memberId ?? null
}
