import { aloneLeft } from '@huiyuan/shared/adjustment'
import { isMemberNo, maskName } from '@huiyuan/shared/member'
import { dayText } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'
import { memberNoHolder, survivingId } from '../member'
import { refuse } from '../refusal'
import { memberNoMasked } from './shown-adjustment'

export interface AdjustmentSubject {
  memberNo: string
  nameMasked: string | null
  tier: number
  points: number
  pendingPoints: number
  debtPoints: number
  /** Points that the asking operator may still move alone today; nobody moves their own alone. */
  aloneLeft: number
}

/** The member of a card number, however it was typed; a merged one's number leads to the survivor. @throws MEMBER_UNKNOWN */
export async function subjectId(ctx: Ctx, typed: string): Promise<string> {
  const memberNo = typed.replace(/\s+/g, '')
  const known = isMemberNo(memberNo) ? await memberNoHolder(ctx.db, memberNo) : null
  return known ? survivingId(ctx.db, known) : refuse('MEMBER_UNKNOWN')
}

/** Whose points an operator is about to correct, masked. @throws MEMBER_UNKNOWN */
export async function findSubject(ctx: Ctx, { memberNo }: { memberNo: string }): Promise<AdjustmentSubject> {
  const staffId = memberIdOf(ctx)
  const memberId = await subjectId(ctx, memberNo)
  const where = { memberId }
  const [person, account, standing, day] = await Promise.all([
    ctx.db.member.findUnique({ where: { ...where, status: 'active' }, select: { memberNo: true, nameSealed: true } }),
    ctx.db.account.findUnique({ where, select: { availablePoints: true, pendingPoints: true, debtPoints: true } }),
    ctx.db.standing.findUnique({ where, select: { tier: true } }),
    ctx.db.adjustmentDay.findUnique({
      where: { staffId_day: { staffId, day: dayText(ctx.now()) } },
      select: { points: true },
    }),
  ])
  if (!person || !account || !standing) return refuse('MEMBER_UNKNOWN')
  return {
    memberNo: memberNoMasked(person.memberNo.slice(-4)),
    nameMasked: person.nameSealed ? maskName(ctx.keys.openText(person.nameSealed)) : null,
    tier: standing.tier,
    points: account.availablePoints,
    pendingPoints: account.pendingPoints,
    debtPoints: account.debtPoints,
    aloneLeft: memberId === staffId ? 0 : aloneLeft(day?.points ?? 0, ctx.policy),
  }
}
