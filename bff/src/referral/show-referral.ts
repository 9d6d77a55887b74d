import {
  appealUntil,
  type CampaignPast,
  campaignPast,
  leftForInviter,
  REFERRAL_DOUBTS,
  type ReferralDoubt,
  type ReferralFacts,
  type ReferralReason,
  type ReferralState,
  referralWords,
  rulesOf,
  sceneOf,
} from '@huiyuan/shared/referral'
import { type Doubt, doubtWords } from '@huiyuan/shared/risk'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { findCampaign } from './find-campaign'
import { friendNames } from './friend-names'

/** Where a shared link and a poster lead. */
export const LANDING_PAGE = 'tabs/home/index'
const FRIENDS = 100

const edgeSelect = {
  memberId: true,
  referralId: true,
  inviterId: true,
  campaignId: true,
  state: true,
  reason: true,
  points: true,
  joinedAt: true,
  heldAt: true,
  releaseAt: true,
  settledAt: true,
  proofId: true,
  doubts: true,
  cleared: true,
  answer: true,
} as const

interface Appeal {
  state: string
  words: string
  askedAt: Date
  decidedAt: Date | null
  answer: string | null
}

interface Edge {
  state: string
  reason: string | null
  releaseAt: Date | null
  settledAt: Date | null
  proofId: string | null
  campaignId: string
}

/** The own link, what it is thanked with, the friends who came through it, and whose friend one is. @throws SESSION_OVER */
export async function showReferral(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const [code, campaign, edges, sums, own, appeals, termsOf] = await Promise.all([
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
    ctx.db.referralAppeal.findMany({ where: { memberId } }),
    termsOfCampaigns(ctx),
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
      reviewPoints: pointsIn('review'),
    },
    friends: edges.map((edge) => ({
      referralId: edge.referralId,
      nameMasked: maskedOf(edge.memberId),
      state: edge.state as ReferralState,
      reason: shownReason(edge.reason),
      points: edge.points,
      joinedAt: edge.joinedAt.toISOString(),
      heldAt: edge.heldAt?.toISOString() ?? null,
      byActivity: edge.proofId !== null,
      releaseAt: edge.releaseAt?.toISOString() ?? null,
      settledAt: edge.settledAt?.toISOString() ?? null,
      words: wordsOf(ctx, edge, 'inviter', termsOf),
      /** Has joined, and nothing comes of it any more. */
      past: edge.state === 'joined' && termsOf(edge.campaignId).past !== null,
      ...reviewOf(
        ctx,
        edge,
        appeals.find(({ referralId }) => referralId === edge.referralId),
      ),
    })),
    invitedBy: own && {
      name: nameOf(own.inviterId),
      state: own.state as ReferralState,
      words: wordsOf(ctx, own, 'friend', termsOf),
    },
  }
}

/** No code of a doubt: it would tell of the other's phone, payer or rank what the words keep to themselves. */
const shownReason = (reason: string | null) =>
  REFERRAL_DOUBTS.some((doubt) => doubt === reason) ? null : (reason as Exclude<ReferralReason, ReferralDoubt> | null)

/** What speaks against a friend's reward, in words for the inviter, what a colleague answered, and how it stands with an appeal. */
function reviewOf(
  ctx: Ctx,
  edge: Edge & { doubts: string[]; cleared: string[]; answer: string | null },
  appeal?: Appeal,
) {
  const { state, reason } = edge as ReferralFacts
  const looked = state === 'review' || (state === 'refused' && edge.doubts.includes(reason ?? ''))
  const open = looked ? (edge.doubts as Doubt[]).filter((doubt) => !edge.cleared.includes(doubt)) : []
  const until = appeal ? null : appealUntil(edge as ReferralFacts, ctx.policy.appealDays)
  return {
    doubts: [...new Set(open.map((doubt) => doubtWords(doubt, 'inviter')))],
    answer: edge.answer,
    mayAppealUntil: until && ctx.now() < until ? until.toISOString() : null,
    appeal: appeal
      ? {
          state: appeal.state as 'asked' | 'granted' | 'declined',
          words: appeal.words,
          askedAt: appeal.askedAt.toISOString(),
          decidedAt: appeal.decidedAt?.toISOString() ?? null,
          answer: appeal.answer,
        }
      : null,
  }
}

type TermsOf = (campaignId: string) => { past: CampaignPast | null; minOrderFen: number }

/** What each campaign asks of a friend, and which promise nothing more. */
async function termsOfCampaigns(ctx: Ctx): Promise<TermsOf> {
  const select = { campaignId: true, endsAt: true, stoppedAt: true, minOrderFen: true } as const
  const all = await ctx.db.referralCampaign.findMany({ select })
  const terms = new Map(
    all.map((one) => [one.campaignId, { past: campaignPast(one, ctx.now()), minOrderFen: one.minOrderFen }]),
  )
  return (campaignId) => terms.get(campaignId) ?? { past: null, minOrderFen: 0 }
}

const wordsOf = (ctx: Ctx, edge: Edge, reader: 'inviter' | 'friend', termsOf: TermsOf) =>
  referralWords(
    {
      state: edge.state as ReferralState,
      reason: edge.reason as ReferralReason | null,
      releaseAt: edge.releaseAt,
      settledAt: edge.settledAt,
      byActivity: edge.proofId !== null,
      ...termsOf(edge.campaignId),
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

async function showCampaign(ctx: Ctx, memberId: string) {
  const found = await findCampaign(ctx)
  if (!found) return null
  const { campaign, running } = found
  const { campaignId, title, words, rewardPoints, minOrderFen, holdDays, perInviterCap, qualifies, endsAt } = campaign
  const quota = await ctx.db.referralQuota.findUnique({ where: { memberId_campaignId: { memberId, campaignId } } })
  const taken = quota?.taken ?? 0
  return {
    ...{ title, words, rewardPoints, minOrderFen, holdDays, perInviterCap, qualifies, running },
    leftForMe: leftForInviter(campaign, taken),
    /** The own places are used up; else it is the budget that leaves none. */
    capReached: taken >= perInviterCap,
    endsAt: endsAt?.toISOString() ?? null,
    rules: rulesOf(campaign, ctx.policy, ctx.now()),
  }
}
