import { type CampaignState, campaignState } from '@huiyuan/shared/campaign'
import type { Ctx } from '../ctx'

const MOST = 100

/** How many friends, or undertakings, are in each state. */
export type Figures = Record<string, number>

export interface ListedCampaign {
  campaignId: string
  title: string
  state: CampaignState
  startsAt: string
  endsAt: string | null
  stoppedAt: string | null
  budgetPoints: number
  /** Promised or paid. */
  spentPoints: number
  rewardPoints: number
  revision: number
  figures: Figures
}

/** All that members are thanked for, the newest first, with what has become of it. */
export async function listCampaigns(ctx: Ctx) {
  const now = ctx.now()
  const [campaigns, friends, obligations, taken] = await Promise.all([
    ctx.db.referralCampaign.findMany({ orderBy: [{ startsAt: 'desc' }, { campaignId: 'asc' }], take: MOST }),
    ctx.db.referral.groupBy({ by: ['campaignId', 'state'], _count: true }),
    ctx.db.obligation.findMany({ orderBy: [{ position: 'asc' }, { obligationId: 'asc' }], take: MOST }),
    ctx.db.obligationInstance.groupBy({
      by: ['obligationId', 'state'],
      where: { state: { not: 'superseded' } },
      _count: true,
    }),
  ])
  const friendsOf = figuresBy(friends.map(({ campaignId, state, _count }) => [campaignId, state, _count]))
  const takenOf = figuresBy(taken.map(({ obligationId, state, _count }) => [obligationId, state, _count]))
  return {
    referrals: campaigns.map((row) => listed(row, row.campaignId, friendsOf(row.campaignId), now)),
    obligations: obligations.map((row) => ({
      ...listed(row, row.obligationId, takenOf(row.obligationId), now),
      kind: row.kind,
      mark: row.mark,
    })),
  }
}

type Row = Pick<ListedCampaign, 'title' | 'budgetPoints' | 'spentPoints' | 'rewardPoints' | 'revision'> & {
  startsAt: Date
  endsAt: Date | null
  stoppedAt: Date | null
}

function listed(row: Row, campaignId: string, figures: Figures, now: Date): ListedCampaign {
  const { title, startsAt, endsAt, stoppedAt, budgetPoints, spentPoints, rewardPoints, revision } = row
  return {
    campaignId,
    title,
    state: campaignState(row, now),
    startsAt: startsAt.toISOString(),
    endsAt: endsAt?.toISOString() ?? null,
    stoppedAt: stoppedAt?.toISOString() ?? null,
    budgetPoints,
    spentPoints,
    rewardPoints,
    revision,
    figures,
  }
}

/** Counts of [whose, state, how many], by whose. */
function figuresBy(counts: [string, string, number][]): (id: string) => Figures {
  const all = new Map<string, Figures>()
  for (const [id, state, count] of counts) all.set(id, { ...all.get(id), [state]: count })
  return (id) => all.get(id) ?? {}
}
