import { maskName } from '@huiyuan/shared/member'
import { type Ctx, commandOf, once } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { auditVisit, type JoinPreview, joinRecords, type OfVisit, presentMember, previewJoin } from './join-records'

/** An older record that may be the customer's, as a clerk may see it. Times are ISO. */
export interface CounterClaim {
  claimId: string
  /** silent | wechat_unknown: the phone led to it; card_typed: the customer typed the number of its card. */
  because: string
  nameMasked: string | null
  /** The last four digits of its cards, to be compared with the card in the customer's hand. */
  cardHints: string[]
  points: number
  lastActiveAt: string
}

/** What is bound to the customer who stands here, and what may be. @throws VISIT_UNKNOWN, VISIT_OVER, CODE_NEEDED */
export async function listCards(
  ctx: Ctx,
  staff: AtWork,
  of: OfVisit,
): Promise<{ cards: string[]; claims: CounterClaim[] }> {
  const memberId = await presentMember(ctx, staff, of)
  const claims = await ctx.db.claim.findMany({
    where: { memberId, settledAt: null, expiresAt: { gt: ctx.now() } },
    orderBy: { claimId: 'desc' },
    take: 10,
  })
  const holders = claims.map(({ holderId }) => holderId)
  const [cards, people, accounts] = await Promise.all([
    ctx.db.identity.findMany({
      where: { memberId: { in: [memberId, ...holders] }, kind: 'store_card' },
      orderBy: { provenAt: 'asc' },
      select: { memberId: true, subject: true },
    }),
    ctx.db.member.findMany({ where: { memberId: { in: holders }, status: 'active' } }),
    ctx.db.account.findMany({ where: { memberId: { in: holders } } }),
  ])
  const tails = (of: string) => cards.filter((card) => card.memberId === of).map(({ subject }) => subject.slice(-4))
  return {
    cards: tails(memberId),
    claims: claims.flatMap(({ claimId, because, holderId }) => {
      const holder = people.find((person) => person.memberId === holderId)
      if (!holder) return []
      const account = accounts.find((own) => own.memberId === holderId)
      return {
        claimId,
        because,
        nameMasked: holder.nameSealed ? maskName(ctx.keys.openText(holder.nameSealed)) : null,
        cardHints: tails(holderId),
        points: (account?.availablePoints ?? 0) + (account?.pendingPoints ?? 0),
        lastActiveAt: holder.lastActiveAt.toISOString(),
      }
    }),
  }
}

async function holderOf(ctx: Ctx, memberId: string, claimId: string): Promise<string> {
  const claim = await ctx.db.claim.findUnique({
    where: { memberId_claimId: { memberId, claimId }, settledAt: null, expiresAt: { gt: ctx.now() } },
    select: { holderId: true },
  })
  return claim ? claim.holderId : refuse('CLAIM_OVER')
}

/** What confirming a claim would bring. @throws CLAIM_OVER, CARD_TAKEN, MERGE_BLOCKED and those of listCards */
export async function previewClaim(
  ctx: Ctx,
  staff: AtWork,
  { claimId, ...of }: OfVisit & { claimId: string },
): Promise<JoinPreview> {
  const memberId = await presentMember(ctx, staff, of)
  return previewJoin(ctx, staff, { memberId, otherId: await holderOf(ctx, memberId, claimId) })
}

/**
 * The second proof by a colleague, who has seen card or person: the older record joins the one who stands here, exactly as it
 * was shown.
 * @throws as previewClaim, and PREVIEW_CHANGED
 */
export async function confirmClaim(
  ctx: Ctx,
  staff: AtWork,
  input: OfVisit & { requestId: string; claimId: string; seal: string },
): Promise<{ points: number; growth: number }> {
  const command = commandOf(ctx, 'visit.confirmClaim', input)
  return twiceWhenBusy(() =>
    once(ctx, command, async (tx) => {
      const memberId = await presentMember(tx, staff, input)
      const { claimId } = input
      const otherId = await holderOf(tx, memberId, claimId)
      const came = await joinRecords(tx, staff, { memberId, otherId }, input.seal)
      // the claim is with whoever goes on
      const where = { memberId: { in: [memberId, otherId] }, claimId }
      await tx.db.claim.updateMany({ where, data: { settledBy: staff.memberId } })
      await auditVisit(tx, staff, 'visit.confirmClaim', input.visitId, command.bodyHash)
      return came
    }),
  )
}
