import { maskName } from '@huiyuan/shared/member'
import { REFERRAL_DOUBTS, type ReferralState } from '@huiyuan/shared/referral'
import { type Doubt, doubtWords, factWords, type PairFacts } from '@huiyuan/shared/risk'
import { type Ctx, memberIdOf } from '../ctx'
import { caseRefOf } from './case-ref'

const PAGE = 20

/** Whom a case is about, as operators see them: `王**`, `**** 3421`. */
export interface CasePerson {
  nameMasked: string | null
  memberNo: string
}

export interface ReferralCase {
  caseRef: string
  inviter: CasePerson
  friend: CasePerson
  campaign: string
  state: ReferralState
  doubts: { doubt: Doubt; words: string }[]
  facts: { label: string; value: string }[]
  points: number
  joinedAt: string
  heldAt: string | null
  releaseAt: string | null
  appeal: { words: string; askedAt: string } | null
  /** What a colleague decided before; null where nobody has. */
  earlier: { answer: string | null; reviewedAt: string } | null
}

/**
 * Rewards that wait for a person, or appeals, the longest known friend first; `after` is the `next` of the page before. Without those
 * in which the operator is the inviter or the friend: what was found there is for a colleague to read.
 */
export async function listReviews(
  ctx: Ctx,
  { state, after }: { state: 'review' | 'appeal'; after?: string | undefined },
): Promise<{ cases: ReferralCase[]; next: string | null }> {
  const own = await ownRecords(ctx)
  const appeals = state === 'appeal' ? await askedAppeals(ctx, own, after) : []
  const edges = await ctx.db.referral.findMany({
    where:
      state === 'review'
        ? {
            state,
            memberId: { notIn: own },
            inviterId: { notIn: own },
            ...(after ? { referralId: { gt: after } } : {}),
          }
        : { OR: appeals.map(({ friendId, referralId }) => ({ memberId: friendId, referralId })) },
    // the ids are in the order of time
    orderBy: { referralId: 'asc' },
    take: PAGE + 1,
  })
  const page = edges.slice(0, PAGE)
  const [personOf, titleOf] = await Promise.all([
    casePeople(
      ctx,
      page.flatMap(({ memberId, inviterId }) => [memberId, inviterId]),
    ),
    titles(ctx),
  ])
  return {
    cases: page.map((edge): ReferralCase => {
      const appeal = appeals.find(({ referralId }) => referralId === edge.referralId)
      return {
        caseRef: caseRefOf(ctx.keys, edge),
        inviter: personOf(edge.inviterId),
        friend: personOf(edge.memberId),
        campaign: titleOf(edge.campaignId),
        state: edge.state as ReferralState,
        doubts: (edge.doubts as Doubt[]).map((doubt) => ({ doubt, words: doubtWords(doubt, 'operator') })),
        facts: edge.facts ? factWords(edge.facts as unknown as PairFacts) : [],
        points: edge.points,
        joinedAt: edge.joinedAt.toISOString(),
        heldAt: edge.heldAt?.toISOString() ?? null,
        releaseAt: edge.releaseAt?.toISOString() ?? null,
        appeal: appeal ? { words: appeal.words, askedAt: appeal.askedAt.toISOString() } : null,
        earlier: edge.reviewedAt ? { answer: edge.answer, reviewedAt: edge.reviewedAt.toISOString() } : null,
      }
    }),
    next: edges.length > PAGE ? (page.at(-1)?.referralId ?? null) : null,
  }
}

/** All records that the operator ever was, as `referral_decide` asks it. */
async function ownRecords(ctx: Ctx): Promise<string[]> {
  const own = await ctx.db.$queryRaw<{ id: string }[]>`SELECT merge_former(${memberIdOf(ctx)}::uuid) AS id`
  return own.map(({ id }) => id)
}

/** Appeals that somebody can still decide: a merge may have ended what they were about. */
const askedAppeals = (ctx: Ctx, own: string[], after: string | undefined) =>
  ctx.db.$queryRaw<{ friendId: string; referralId: string; words: string; askedAt: Date }[]>`
    SELECT a.friend_id AS "friendId", a.referral_id AS "referralId", a.words, a.asked_at AS "askedAt"
      FROM referral_appeal a JOIN referral r ON r.member_id = a.friend_id AND r.referral_id = a.referral_id
      WHERE a.state = 'asked' AND r.state = 'refused' AND r.reason = ANY (${[...REFERRAL_DOUBTS]}::text[])
        AND NOT ARRAY[a.friend_id, r.inviter_id] && ${own}::uuid[]
        AND (${after ?? null}::uuid IS NULL OR a.referral_id > ${after ?? null}::uuid)
      ORDER BY a.referral_id LIMIT ${PAGE + 1}`

async function casePeople(ctx: Ctx, memberIds: string[]): Promise<(memberId: string) => CasePerson> {
  const members = await ctx.db.member.findMany({
    where: { memberId: { in: [...new Set(memberIds)] } },
    select: { memberId: true, memberNo: true, nameSealed: true },
  })
  const people = new Map(members.map((member) => [member.memberId, member]))
  return (memberId) => {
    const person = people.get(memberId)
    return {
      nameMasked: person?.nameSealed ? maskName(ctx.keys.openText(person.nameSealed)) : null,
      memberNo: `**** ${person?.memberNo.slice(-4) ?? '****'}`,
    }
  }
}

async function titles(ctx: Ctx): Promise<(campaignId: string) => string> {
  const all = await ctx.db.referralCampaign.findMany({ select: { campaignId: true, title: true } })
  return (campaignId) => all.find((one) => one.campaignId === campaignId)?.title ?? campaignId
}
