import { DAY_MS } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import type { Ctx } from '../ctx'
import type { Db } from '../db'

/** An old card waiting for its second proof, as its possible owner may see it: nothing that proves it. */
export interface OpenClaim {
  claimId: string
  points: number
  triesLeft: number
  /** ISO */
  expiresAt: string
}

export type ClaimReason = 'silent' | 'wechat_unknown' | 'card_typed'

/**
 * Remembers that somebody may be an older record's person, until a second proof is given: the last four digits of its
 * card where the phone led there, or the word of a colleague who sees card and person. Answers what can be proven by
 * digits; null where only a colleague can help. Runs inside a transaction.
 */
export async function openClaim(
  tx: Ctx,
  memberId: string,
  { holderId, because }: { holderId: string; because: ClaimReason },
): Promise<OpenClaim | null> {
  const now = tx.now()
  const where = { memberId, holderId, settledAt: null, expiresAt: { gt: now } }
  const [card, open] = await Promise.all([
    tx.db.identity.findFirst({ where: { memberId: holderId, kind: 'store_card' }, select: { kind: true } }),
    tx.db.claim.findFirst({ where: { ...where, because }, select: { claimId: true } }),
  ])
  // whoever typed a card's number knows its last four digits, and has proven nothing
  const byDigits = card !== null && because !== 'card_typed'
  if (!open)
    await tx.db.claim.create({
      data: {
        memberId,
        claimId: uuidv7({ msecs: now.getTime() }),
        holderId,
        because,
        triesLeft: byDigits ? tx.policy.claimTries : 0,
        expiresAt: new Date(now.getTime() + tx.policy.claimDays * DAY_MS),
      },
    })
  return byDigits ? findClaim(tx.db, memberId, now) : null
}

/** The newest claim that can still be answered by the digits of a card. */
export async function findClaim(db: Db, memberId: string, now: Date): Promise<OpenClaim | null> {
  const claim = await db.claim.findFirst({
    where: { memberId, settledAt: null, triesLeft: { gt: 0 }, expiresAt: { gt: now } },
    orderBy: { claimId: 'desc' },
    select: { claimId: true, holderId: true, triesLeft: true, expiresAt: true },
  })
  if (!claim) return null
  const account = await db.account.findUnique({
    where: { memberId: claim.holderId },
    select: { availablePoints: true, pendingPoints: true },
  })
  return {
    claimId: claim.claimId,
    points: (account?.availablePoints ?? 0) + (account?.pendingPoints ?? 0),
    triesLeft: claim.triesLeft,
    expiresAt: claim.expiresAt.toISOString(),
  }
}
