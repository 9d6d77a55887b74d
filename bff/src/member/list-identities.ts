import type { IdentityKind } from '@huiyuan/shared/identity'
import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { findClaim } from './claim'
import { identityLabel } from './get-me'
import type { MergeReason } from './merge-member'

/** What the house knows somebody by, what it knew, and which records became this one. Times are ISO. */
export interface MyIdentities {
  identities: {
    kind: IdentityKind
    label: string
    /** A masked phone, the last four of a card, or empty. */
    hint: string
    provenAt: string
    /** A phone that somebody else had here before: the number came, nothing else did. */
    cameFromAnother: boolean
  }[]
  /** Numbers that lead here no longer, the latest first. `moved`: somebody else has proven it. */
  former: { hint: string; endedAt: string; because: string }[]
  merges: {
    at: string
    because: MergeReason
    other4: string
    points: number
    growth: number
    undoneAt: string | null
  }[]
  /** An old card that its last four digits would open. */
  openClaim: Awaited<ReturnType<typeof findClaim>>
  /** An older record that this phone led to and that has no card: a colleague at the counter may add it. */
  atCounter: { expiresAt: string } | null
}

/** @throws SESSION_OVER */
export async function listIdentities(ctx: Ctx): Promise<MyIdentities> {
  const memberId = memberIdOf(ctx)
  const records = await ctx.db.member.findMany({
    where: { OR: [{ memberId, status: 'active' }, { mergedInto: memberId }] },
    select: { memberId: true },
  })
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!records.some((record) => record.memberId === memberId)) return refuse('SESSION_OVER')
  const ids = records.map((record) => record.memberId)
  const [held, former, merges, openClaim, atCounter] = await Promise.all([
    ctx.db.identity.findMany({ where: { memberId }, orderBy: { provenAt: 'asc' } }),
    ctx.db.formerIdentity.findMany({
      where: { memberId: { in: ids }, kind: 'phone' },
      orderBy: { endedAt: 'desc' },
      take: 10,
    }),
    mergesOf(ctx, ids),
    findClaim(ctx.db, memberId, ctx.now()),
    waitingAtCounter(ctx, memberId),
  ])
  const phones = held.filter(({ kind }) => kind === 'phone').map(({ subject }) => subject)
  const elsewhere = await ctx.db.formerIdentity.findMany({
    where: { kind: 'phone', issuer: '', subject: { in: phones }, because: 'moved', memberId: { notIn: ids } },
    select: { subject: true },
  })
  const hintOf = ({
    kind,
    subject,
    subjectSealed,
  }: Pick<(typeof held)[number], 'kind' | 'subject' | 'subjectSealed'>) =>
    kind === 'phone' && subjectSealed
      ? maskPhone(ctx.keys.openText(subjectSealed))
      : kind === 'store_card'
        ? `尾号 ${subject.slice(-4)}`
        : ''
  return {
    identities: held
      .filter(({ kind }) => kind !== 'wechat_unionid')
      .map((own) => ({
        kind: own.kind as IdentityKind,
        label: identityLabel(ctx, own.kind, own.issuer),
        hint: hintOf(own),
        provenAt: own.provenAt.toISOString(),
        cameFromAnother: elsewhere.some(({ subject }) => own.kind === 'phone' && subject === own.subject),
      })),
    // a number that was given up and has come back is not former
    former: former
      .filter(({ subject }) => !phones.includes(subject))
      .map((gone) => ({ hint: hintOf(gone), endedAt: gone.endedAt.toISOString(), because: gone.because })),
    merges,
    openClaim,
    atCounter,
  }
}

interface MergeRow {
  at: Date
  because: MergeReason
  otherNo: string
  summary: { came: { points?: number; growth?: number } }
  undoneAt: Date | null
}

async function mergesOf(ctx: Ctx, ids: string[]): Promise<MyIdentities['merges']> {
  const rows = await ctx.db.$queryRaw<MergeRow[]>`
    SELECT r.at, r.because, o.member_no AS "otherNo", r.summary, u.at AS "undoneAt"
      FROM merge_record r JOIN member o ON o.member_id = r.other_id
        LEFT JOIN merge_undo u ON u.member_id = r.member_id AND u.merge_id = r.merge_id
      WHERE r.member_id = ANY (${ids}::uuid[]) ORDER BY r.merge_id DESC LIMIT 20`
  return rows.map(({ at, because, otherNo, summary: { came }, undoneAt }) => ({
    at: at.toISOString(),
    because,
    other4: otherNo.slice(-4),
    points: came.points ?? 0,
    growth: came.growth ?? 0,
    undoneAt: undoneAt?.toISOString() ?? null,
  }))
}

/** What was typed as a card's number is not told here: it would say whether there is such a card. */
async function waitingAtCounter(ctx: Ctx, memberId: string): Promise<MyIdentities['atCounter']> {
  const claim = await ctx.db.claim.findFirst({
    where: { memberId, settledAt: null, triesLeft: 0, because: { not: 'card_typed' }, expiresAt: { gt: ctx.now() } },
    orderBy: { claimId: 'desc' },
    select: { expiresAt: true },
  })
  return claim && { expiresAt: claim.expiresAt.toISOString() }
}
