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

/** Remembers that the phone led to an older record. Runs inside a transaction. */
export async function openClaim(
  tx: Ctx,
  memberId: string,
  { holderId, because }: { holderId: string; because: 'silent' | 'wechat_unknown' },
): Promise<OpenClaim | null> {
  const card = await tx.db.identity.findFirst({
    where: { memberId: holderId, kind: 'store_card' },
    select: { kind: true },
  })
  if (!card) return null
  const claimId = uuidv7({ msecs: tx.now().getTime() })
  await tx.db.claim.create({
    data: {
      memberId,
      claimId,
      holderId,
      because,
      triesLeft: tx.policy.claimTries,
      expiresAt: new Date(tx.now().getTime() + tx.policy.claimDays * DAY_MS),
    },
  })
  return findClaim(tx.db, memberId, tx.now())
}

/** The newest claim that can still be answered. */
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
