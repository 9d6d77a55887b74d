import { isMemberNo, normalCardNo } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import { cardHolder, memberNoHolder, phoneHolder } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { normalPhone } from '../sms'
import type { AtWork } from '../staff'
import { openingOf, type VisitAnswer, visitOf } from './scan-visit'
import { type ShownVisit, showVisit } from './show-visit'

export type SpokenMember = { memberNo: string; phone?: undefined } | { phone: string; memberNo?: undefined }

/**
 * Opens a visit for a member number, the number of a bound card or a spoken phone: it earns and shows masked data, no
 * more. Whom nobody knows is answered the same way each time and counted at the till, so that phones cannot be tried out.
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

/** Written as a member number: sixteen digits with the brand's first. */
const LIKE_MEMBER_NO = /^8\d{15}$/

/** The same member however it was typed. A slip that no card can have reveals nothing and is not counted. */
function spokenOf(input: SpokenMember): SpokenMember {
  if (input.memberNo === undefined) return { phone: normalPhone(input.phone) ?? refuse('PHONE_INVALID') }
  const memberNo = normalCardNo(input.memberNo) ?? refuse('MEMBER_UNKNOWN')
  if (LIKE_MEMBER_NO.test(memberNo) && !isMemberNo(memberNo)) return refuse('MEMBER_UNKNOWN')
  return { memberNo }
}

async function findSpoken(ctx: Ctx, { memberNo, phone }: SpokenMember): Promise<string | null> {
  if (memberNo === undefined) return phoneHolder(ctx, phone)
  const [printed, card] = await Promise.all([memberNoHolder(ctx.db, memberNo), cardHolder(ctx.db, memberNo)])
  return printed ?? card
}
