import {
  campaignRuns,
  leftForInviter,
  type ReferralReason,
  type ReferralState,
  referralWords,
  rulesOf,
  sceneOf,
} from '@huiyuan/shared/referral'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { friendNames } from './friend-names'

/** Where a shared link and a poster lead. */
export const LANDING_PAGE = 'tabs/home/index'
const FRIENDS = 100

const edgeSelect = {
  memberId: true,
  referralId: true,
  inviterId: true,
  state: true,
  reason: true,
  points: true,
  joinedAt: true,
  releaseAt: true,
  settledAt: true,
} as const

interface Edge {
  state: string
  reason: string | null
  releaseAt: Date | null
  settledAt: Date | null
}

/** The own link, what it is thanked with, the friends who came through it, and whose friend one is. @throws SESSION_OVER */
export async function showReferral(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const [code, campaign, edges, sums, own] = await Promise.all([
    codeOf(ctx),
    showCampaign(ctx, memberId),
    ctx.db.referral.findMany({
      where: { inviterId: memberId },
      orderBy: [{ joinedAt: 'desc' }, { referralId: 'desc' }],
      take: FRIENDS,
      select: edgeSelect,
    }),
    ctx.db.referral.groupBy({
      by: ['state'],
      where: { inviterId: memberId, state: { not: 'void' } },
      _count: true,
      _sum: { points: true },
    }),
    ctx.db.referral.findFirst({ where: { memberId, state: { not: 'void' } }, select: edgeSelect }),
  ])
  const { nameOf, maskedOf } = await friendNames(ctx, [
    ...edges.map((edge) => edge.memberId),
    ...(own ? [own.inviterId] : []),
  ])
  const pointsIn = (state: ReferralState) => sums.find((sum) => sum.state === state)?._sum.points ?? 0
  return {
    code,
    sharePath: `${LANDING_PAGE}?${sceneOf(code)}`,
    campaign,
    totals: {
      joined: sums.reduce((count, sum) => count + sum._count, 0),
      releasedPoints: pointsIn('released'),
      heldPoints: pointsIn('held'),
    },
    friends: edges.map((edge) => ({
      referralId: edge.referralId,
      nameMasked: maskedOf(edge.memberId),
      state: edge.state as ReferralState,
      reason: edge.reason as ReferralReason | null,
      points: edge.points,
      joinedAt: edge.joinedAt.toISOString(),
      releaseAt: edge.releaseAt?.toISOString() ?? null,
      settledAt: edge.settledAt?.toISOString() ?? null,
      words: wordsOf(ctx, edge, 'inviter'),
    })),
    invitedBy: own && {
      name: nameOf(own.inviterId),
      state: own.state as ReferralState,
      words: wordsOf(ctx, own, 'friend'),
    },
  }
}

const wordsOf = (ctx: Ctx, edge: Edge, reader: 'inviter' | 'friend') =>
  referralWords(
    {
      state: edge.state as ReferralState,
      reason: edge.reason as ReferralReason | null,
      releaseAt: edge.releaseAt,
      settledAt: edge.settledAt,
    },
    reader,
    ctx.now(),
  )

/** The member's short code; who joined before there were any gets one now. @throws SESSION_OVER */
export async function codeOf(ctx: Ctx): Promise<string> {
  const memberId = memberIdOf(ctx)
  const member = await ctx.db.member.findUnique({ where: { memberId, status: 'active' }, select: { memberId: true } })
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!member) return refuse('SESSION_OVER')
  const { code } = await ctx.sql<{ code: string }>('referral_open', { memberId, at: ctx.now() })
  return code
}

/** The campaign that runs, else the one that ran last. */
async function showCampaign(ctx: Ctx, memberId: string) {
  const now = ctx.now()
  const begun = await ctx.db.referralCampaign.findMany({
    where: { startsAt: { lte: now } },
    orderBy: [{ startsAt: 'desc' }, { campaignId: 'asc' }],
    take: 10,
  })
  const campaign = begun.find((one) => campaignRuns(one, now)) ?? begun[0]
  if (!campaign) return null
  const { campaignId, title, rewardPoints, minOrderFen, holdDays, perInviterCap, endsAt } = campaign
  const quota = await ctx.db.referralQuota.findUnique({ where: { memberId_campaignId: { memberId, campaignId } } })
  return {
    title,
    rewardPoints,
    minOrderFen,
    holdDays,
    perInviterCap,
    leftForMe: leftForInviter(campaign, quota?.taken ?? 0),
    running: campaignRuns(campaign, now),
    endsAt: endsAt?.toISOString() ?? null,
    rules: rulesOf(campaign, ctx.policy, now),
  }
}
