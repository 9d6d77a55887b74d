import { type CampaignKind, campaignState, triggerOf } from '@huiyuan/shared/campaign'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'

/** One definition as its form shows it, and what a form can choose from. @throws NOT_FOUND */
export async function showCampaign(ctx: Ctx, { kind, campaignId }: { kind: CampaignKind; campaignId: string | null }) {
  const [referral, obligation, choices] = await Promise.all([
    kind === 'referral' && campaignId !== null ? referralOf(ctx, campaignId) : null,
    kind === 'obligation' && campaignId !== null ? obligationOf(ctx, campaignId) : null,
    kind === 'obligation' ? choicesOf(ctx) : null,
  ])
  if (campaignId !== null && !referral && !obligation) return refuse('NOT_FOUND', { noun: 'campaign' })
  return { referral, obligation, choices }
}

const standing = (row: { startsAt: Date; endsAt: Date | null; stoppedAt: Date | null }, now: Date) => ({
  state: campaignState(row, now),
  startsAt: row.startsAt.toISOString(),
  stoppedAt: row.stoppedAt?.toISOString() ?? null,
})

async function referralOf(ctx: Ctx, campaignId: string) {
  const row = await ctx.db.referralCampaign.findUnique({ where: { campaignId } })
  if (!row) return null
  const { title, words, rewardPoints, minOrderFen, holdDays, perInviterCap, budgetPoints, spentPoints } = row
  return {
    ...{ campaignId, title, words, rewardPoints, minOrderFen, holdDays, perInviterCap, budgetPoints, spentPoints },
    trigger: row.qualifies === 'order' ? ('first_order' as const) : ('order_or_activity' as const),
    windowDays: row.windowDays,
    endsAt: row.endsAt?.toISOString() ?? null,
    revision: row.revision,
    ...standing(row, ctx.now()),
  }
}

async function obligationOf(ctx: Ctx, obligationId: string) {
  const row = await ctx.db.obligation.findUnique({ where: { obligationId } })
  if (!row) return null
  const { proof, counts, updatedAt: _, stoppedBy: __, ...terms } = row
  return {
    ...terms,
    wants: row.wants as Record<string, unknown> | null,
    trigger: triggerOf({ kind: row.kind, proof, counts }),
    endsAt: row.endsAt.toISOString(),
    ...standing(row, ctx.now()),
  }
}

/** Names with their ids, some 20 KB each at most. */
const MOST = 200

/** What a definition can name. */
async function choicesOf(ctx: Ctx) {
  const now = ctx.now()
  const [stores, honours, coupons, articles, products] = await Promise.all([
    ctx.db.store.findMany({ orderBy: { storeId: 'asc' }, take: MOST, select: { storeId: true, name: true } }),
    ctx.db.honour.findMany({ orderBy: { position: 'asc' }, take: MOST, select: { honourId: true, name: true } }),
    ctx.db.couponTemplate.findMany({
      orderBy: { templateId: 'asc' },
      take: MOST,
      select: { templateId: true, title: true },
    }),
    ctx.db.article.findMany({
      where: { withdrawnAt: null, OR: [{ publishUntil: null }, { publishUntil: { gt: now } }] },
      orderBy: { publishFrom: 'desc' },
      take: MOST,
      select: { articleId: true, title: true },
    }),
    ctx.db.product.findMany({
      where: { OR: [{ endsAt: null }, { endsAt: { gt: now } }] },
      orderBy: [{ position: 'asc' }, { sku: 'asc' }],
      take: MOST,
      select: { sku: true, title: true },
    }),
  ])
  return { stores, honours, coupons, articles, products }
}
