import { maskName, maskPhone } from '@huiyuan/shared/member'
import { type NextTier, nextTier } from '@huiyuan/shared/tier'
import { sayAloud } from '@huiyuan/shared/visit'
import type { Ctx } from '../ctx'
import { liveLots } from '../ledger'
import { displayNameOf, survivingId } from '../member'
import { memberRefOf } from './member-ref'

export type VisitMethod = 'code' | 'member_no' | 'phone'

/** What the database answers for an opened visit; times are ISO strings. */
export interface OpenedVisit {
  memberId: string
  visitId: string
  method: VisitMethod
  openedAt: string
  expiresAt: string
}

/** A member as the counter may see one: masked. */
export interface ShownMember {
  nameMasked: string
  phoneMasked: string | null
  /** `****` when only a phone was spoken: the last four are what proves an old card. */
  memberNoLast4: string
  tier: number
  points: number
  growth: number
  nextTier: NextTier | null
}

export interface ShownVisit extends Omit<OpenedVisit, 'memberId'> {
  /** Opaque; goes back with the amount. */
  memberRef: string
  member: ShownMember
  /** Only a live code may spend, redeem and pick up. */
  maySpend: boolean
  /** Sentences for the clerk, from what is so; empty unless the member is surely the one who stands there. */
  sayAloud: string[]
}

/** An opened visit with what the clerk sees of the member now. */
export async function showVisit(ctx: Ctx, opened: OpenedVisit): Promise<ShownVisit> {
  const memberId = await survivingId(ctx.db, opened.memberId)
  const byCode = opened.method === 'code'
  const { member, words } = await showMember(ctx, memberId, opened.method)
  return {
    visitId: opened.visitId,
    openedAt: opened.openedAt,
    expiresAt: opened.expiresAt,
    method: opened.method,
    memberRef: memberRefOf(ctx.keys, opened.visitId, opened.memberId),
    member,
    maySpend: byCode,
    sayAloud: byCode ? words : [],
  }
}

async function showMember(
  ctx: Ctx,
  memberId: string,
  method: VisitMethod,
): Promise<{ member: ShownMember; words: string[] }> {
  const where = { memberId }
  const [person, phone, account, standing, lots] = await Promise.all([
    ctx.db.member.findUniqueOrThrow({ where, select: { memberNo: true, nameSealed: true } }),
    ctx.db.identity.findFirst({ where: { memberId, kind: 'phone' }, select: { subjectSealed: true } }),
    ctx.db.account.findUniqueOrThrow({ where, select: { availablePoints: true, growth: true } }),
    ctx.db.standing.findUniqueOrThrow({ where, select: { tier: true } }),
    liveLots(ctx.db, memberId, 20),
  ])
  const { tier } = standing
  const { growth, availablePoints: points } = account
  const member: ShownMember = {
    nameMasked: person.nameSealed ? maskName(ctx.keys.openText(person.nameSealed)) : displayNameOf(ctx, null),
    phoneMasked: phone?.subjectSealed ? maskPhone(ctx.keys.openText(phone.subjectSealed)) : null,
    memberNoLast4: method === 'phone' ? '****' : person.memberNo.slice(-4),
    tier,
    points,
    growth,
    nextTier: nextTier(tier, growth, ctx.policy),
  }
  const active = lots.filter(({ state }) => state === 'active')
  return { member, words: sayAloud({ tier, growth, lots: active }, ctx.now(), ctx.policy) }
}
