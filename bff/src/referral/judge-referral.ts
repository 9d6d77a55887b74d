import { type Doubt, doubtsOf, type PairFacts, verdictOf } from '@huiyuan/shared/risk'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { collectPair } from '../risk'

export interface NamedReferral {
  /** The friend. */
  memberId: string
  referralId: string
}

export interface Judged {
  state: 'held' | 'review' | 'refused'
  /** Names this judgement: what is paid is paid as it was judged. */
  judgedAt: Date
}

/**
 * Collects what speaks against a held reward and writes down what follows: it stays, waits for a person, or is refused. The facts
 * are collected outside of every lock, so they count only if nobody judged or decided meanwhile.
 * → null when it is not held, or is another by now
 */
export async function judgeReferral(ctx: Ctx, { memberId, referralId }: NamedReferral): Promise<Judged | null> {
  const edge = await ctx.db.referral.findUnique({
    where: { memberId_referralId: { memberId, referralId }, state: 'held' },
    select: { inviterId: true, judgedAt: true, reviewedAt: true, cleared: true },
  })
  if (!edge) return null
  const facts = await collectPair(ctx, { inviterId: edge.inviterId, friendId: memberId })
  const doubts = doubtsOf(facts, ctx.policy)
  const verdict = verdictOf(doubts, facts, edge.cleared as Doubt[])
  const at = ctx.now()
  const judged = await ctx.sql<{ state: Judged['state'] } | null>('referral_judge', {
    ...{ memberId, referralId, seen: edge, verdict, doubts, facts, at },
    reason: doubts.includes('risk_rank') ? 'risk_rank' : doubts[0],
    riskRank: highestRank(facts),
  })
  return judged && { state: judged.state, judgedAt: at }
}

/** WeChat's ranks at joining and now, in one number; null where neither is known. */
function highestRank({ riskAtJoin, riskNow }: PairFacts): number | null {
  const known = [riskAtJoin, riskNow].filter((rank) => rank !== null)
  return known.length > 0 ? Math.max(...known) : null
}

export interface ReferralsJudged {
  /** Held rewards of this batch that nobody had judged. */
  due: number
  /** How many of them wait for a person or were refused now. */
  doubted: number
  failed: number
}

/** Judges up to `batch` rewards soon after they were promised, so that both sides read early what is looked at. */
export async function judgeHeldReferrals(ctx: Ctx, { batch }: { batch: number }): Promise<ReferralsJudged> {
  const done = { doubted: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.referral.findMany({
        where: { state: 'held', judgedAt: null, heldAt: { lte: ctx.now() }, referralId: { notIn: except } },
        orderBy: [{ heldAt: 'asc' }, { referralId: 'asc' }],
        take,
        select: { memberId: true, referralId: true },
      }),
    idOf: ({ referralId }) => referralId,
    work: async (edge) => {
      const judged = await judgeReferral(ctx, edge)
      if (judged && judged.state !== 'held') done.doubted++
    },
    nameOf: ({ referralId }) => ({ referralId }),
    failed: 'a referral was not judged',
  })
  return { ...done, due: found, failed }
}
