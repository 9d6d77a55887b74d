import { timingSafeEqual } from 'node:crypto'
import { survivorOf } from '@huiyuan/shared/identity'
import { type Ctx, commandOf, inTx, memberIdOf, once } from '../ctx'
import { refuse } from '../refusal'
import { mergeMember } from './merge-member'
import { holdersOf } from './prove-identity'

export interface ClaimedCard {
  points: number
  memberNo: string
  tier: number
}

/**
 * The second proof: the last four digits of the old card. Right, and the two records become one member,
 * points lot by lot; wrong costs a try that no replay gives back.
 * @throws CLAIM_OVER, CLAIM_WRONG, MERGE_BLOCKED
 */
export async function claimCard(
  ctx: Ctx,
  input: { requestId: string; claimId: string; last4: string },
): Promise<ClaimedCard> {
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.claimCard', input)
  const known = await ctx.sql<ClaimedCard | null>('request_begin', command)
  if (known) return known
  const look = await ctx.sql<{ holderId: string; triesLeft: number } | null>('member_try_claim', {
    memberId,
    claimId: input.claimId,
    at: ctx.now(),
  })
  if (!look) return lateReplay(ctx, command)
  if (!(await isLastFourOf(ctx, look.holderId, input.last4)))
    return refuse('CLAIM_WRONG', { triesLeft: look.triesLeft })
  return once(ctx, command, async (tx) => {
    const [a, b] = await holdersOf(tx.db, [memberId, look.holderId])
    if (!a || !b) return refuse('CLAIM_OVER')
    const [survivor, other] = survivorOf(a, b)
    const points = await pointsOf(tx, look.holderId)
    await mergeMember(tx, survivor.memberId, other.memberId)
    const where = { memberId: survivor.memberId }
    const member = await tx.db.member.findUniqueOrThrow({ where, select: { memberNo: true } })
    const standing = await tx.db.standing.findUniqueOrThrow({ where, select: { tier: true } })
    return { points, memberNo: member.memberNo, tier: standing.tier }
  })
}

/** The claim is closed: by this very command a moment ago, or for good. */
const lateReplay = (ctx: Ctx, command: ReturnType<typeof commandOf>): Promise<ClaimedCard> =>
  inTx(ctx, async (tx) => (await tx.sql<ClaimedCard | null>('request_begin', command)) ?? refuse('CLAIM_OVER'))

async function pointsOf(tx: Ctx, memberId: string): Promise<number> {
  const own = await tx.db.account.findUniqueOrThrow({
    where: { memberId },
    select: { availablePoints: true, pendingPoints: true },
  })
  return own.availablePoints + own.pendingPoints
}

async function isLastFourOf(ctx: Ctx, holderId: string, last4: string): Promise<boolean> {
  const cards = await ctx.db.identity.findMany({
    where: { memberId: holderId, kind: 'store_card' },
    select: { subject: true },
  })
  return cards.some(({ subject }) => timingSafeEqual(Buffer.from(subject.slice(-4)), Buffer.from(last4)))
}
