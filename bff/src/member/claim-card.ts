import { timingSafeEqual } from 'node:crypto'
import { differentWechatPerson, survivorOf } from '@huiyuan/shared/identity'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import { mergeMember, survivingId } from './merge-member'
import { holdersOf } from './prove-identity'
import { keptApartOf } from './settle-proofs'

export interface ClaimedCard {
  points: number
  memberNo: string
  tier: number
}

interface Guess {
  claimId: string
  last4: string
}

/**
 * The second proof: the last four digits of the old card. Right, and the two records become one member,
 * points lot by lot; wrong costs a try, and stays wrong however often the same command is sent.
 * @throws CLAIM_OVER, CLAIM_WRONG, MERGE_BLOCKED
 */
export async function claimCard(ctx: Ctx, input: Guess & { requestId: string }): Promise<ClaimedCard> {
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.claimCard', input)
  const seen = await twiceWhenBusy(() => once(ctx, command, (tx) => look(tx, memberId, input)))
  return 'triesLeft' in seen ? refuse('CLAIM_WRONG', seen) : seen
}

/** A wrong guess is an answer, not an error: the try that it cost must be written. */
async function look(
  tx: Ctx,
  memberId: string,
  { claimId, last4 }: Guess,
): Promise<ClaimedCard | { triesLeft: number }> {
  const claim = { memberId: await survivingId(tx.db, memberId), claimId }
  const seen = await tx.sql<{ holderId: string; triesLeft: number } | null>('member_try_claim', {
    ...claim,
    at: tx.now(),
  })
  if (!seen) return refuse('CLAIM_OVER')
  const both = await holdersOf(tx.db, [claim.memberId, seen.holderId])
  const [a, b] = both
  // since the claim was opened the card may have turned out to be somebody else's
  if (!a || !b || differentWechatPerson(a.identities, b.identities)) return refuse('CLAIM_OVER')
  if ((await keptApartOf(tx.db, [a.memberId, b.memberId]))(a.memberId, b.memberId)) return refuse('CLAIM_OVER')
  const holder = both.find(({ memberId: id }) => id === seen.holderId)
  const cards = holder?.identities.filter(({ kind }) => kind === 'store_card') ?? []
  if (!cards.some(({ subject }) => sameDigits(subject.slice(-4), last4))) return { triesLeft: seen.triesLeft }
  const [survivor, other] = survivorOf(a, b)
  return join(tx, { survivorId: survivor.memberId, otherId: other.memberId, holderId: seen.holderId })
}

function sameDigits(own: string, given: string): boolean {
  const [a, b] = [Buffer.from(own), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

interface Pair {
  survivorId: string
  otherId: string
  holderId: string
}

async function join(tx: Ctx, { survivorId, otherId, holderId }: Pair): Promise<ClaimedCard> {
  const { availablePoints, pendingPoints } = await tx.db.account.findUniqueOrThrow({
    where: { memberId: holderId },
    select: { availablePoints: true, pendingPoints: true },
  })
  await mergeMember(tx, survivorId, otherId, { because: 'card_digits' })
  const where = { memberId: survivorId }
  const { memberNo } = await tx.db.member.findUniqueOrThrow({ where, select: { memberNo: true } })
  const { tier } = await tx.db.standing.findUniqueOrThrow({ where, select: { tier: true } })
  return { points: availablePoints + pendingPoints, memberNo, tier }
}
