import type { HeldIdentity } from '@huiyuan/shared/identity'
import { isMemberNo, maskName, maskPhone, normalCardNo } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import { cardHolder, memberNoHolder, phoneHolder, survivingId } from '../member'
import { refuse } from '../refusal'
import { normalPhone } from '../sms'

/** A member as operators see one: enough to tell two records apart, nothing that could be used elsewhere. */
export interface ShownPerson {
  /** The last four digits of the printed number. */
  memberNo4: string
  nameMasked: string | null
  tier: number
  points: number
  pendingPoints: number
  debtPoints: number
  growth: number
  /** Open ones. */
  coupons: number
  redemptions: number
  /** ISO */
  joinedAt: string
  lastActiveAt: string
  /** How the person is known here; `hint` is a masked phone, the last four of a card, or empty. */
  identities: { kind: HeldIdentity['kind']; issuer: string; hint: string }[]
  /** The number that was typed is that of a record which went into this one. */
  viaMerged: boolean
}

/**
 * Who is meant by a member number, a phone or a card number, however it was typed; a merged one's number leads to the survivor.
 * @throws MEMBER_UNKNOWN
 */
export async function personId(ctx: Ctx, said: string): Promise<string> {
  const text = said.replace(/[\s-]+/g, '')
  const phone = normalPhone(text)
  const [byNo, byCard, byPhone] = await Promise.all([
    isMemberNo(text) ? memberNoHolder(ctx.db, text) : null,
    cardHolder(ctx.db, normalCardNo(text) ?? text),
    phone ? phoneHolder(ctx, phone) : null,
  ])
  const found = byNo ?? byCard ?? byPhone
  return found ? survivingId(ctx.db, found) : refuse('MEMBER_UNKNOWN')
}

/** One member, masked. @throws MEMBER_UNKNOWN */
export async function findPerson(ctx: Ctx, { said }: { said: string }): Promise<ShownPerson> {
  const memberId = await personId(ctx, said)
  return showPerson(ctx, memberId, said.replace(/\s+/g, ''))
}

/** @param said what was typed, to say when it was the number of a record that is merged by now */
export async function showPerson(ctx: Ctx, memberId: string, said = ''): Promise<ShownPerson> {
  const where = { memberId }
  const [person, account, standing, identities, coupons, redemptions] = await Promise.all([
    ctx.db.member.findUnique({
      where,
      select: { memberNo: true, nameSealed: true, joinedAt: true, lastActiveAt: true },
    }),
    ctx.db.account.findUnique({ where }),
    ctx.db.standing.findUnique({ where, select: { tier: true } }),
    ctx.db.identity.findMany({
      where,
      orderBy: [{ kind: 'asc' }, { provenAt: 'asc' }],
      select: { kind: true, issuer: true, subject: true, subjectSealed: true },
    }),
    ctx.db.coupon.count({ where: { ...where, state: 'granted', expiresAt: { gte: ctx.now() } } }),
    ctx.db.redemption.count({ where: { ...where, state: { in: ['placed', 'ready'] } } }),
  ])
  if (!person || !account || !standing) return refuse('MEMBER_UNKNOWN')
  return {
    memberNo4: person.memberNo.slice(-4),
    nameMasked: person.nameSealed ? maskName(ctx.keys.openText(person.nameSealed)) : null,
    tier: standing.tier,
    points: account.availablePoints,
    pendingPoints: account.pendingPoints,
    debtPoints: account.debtPoints,
    growth: account.growth,
    coupons,
    redemptions,
    joinedAt: person.joinedAt.toISOString(),
    lastActiveAt: person.lastActiveAt.toISOString(),
    identities: identities.map(({ kind, issuer, subject, subjectSealed }) => ({
      kind: kind as HeldIdentity['kind'],
      issuer: kind === 'external' ? issuer : '',
      hint: hintOf(ctx, kind, subject, subjectSealed),
    })),
    viaMerged: isMemberNo(said) && said !== person.memberNo,
  }
}

function hintOf(ctx: Ctx, kind: string, subject: string, sealed: Uint8Array | null): string {
  if (kind === 'phone') return sealed ? maskPhone(ctx.keys.openText(sealed)) : ''
  return kind === 'store_card' ? `尾号 ${subject.slice(-4)}` : ''
}
