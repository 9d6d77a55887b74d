import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import type { Ctx } from '../ctx'
import type { Db } from '../db'

export interface Merged {
  /** What the other record brought. */
  points: number
  growth: number
}

/**
 * Makes two records one person: every noun moves its rows, in the registry's order. Runs inside a transaction.
 * @throws MERGE_BLOCKED naming what stands in the way; BUSY when one of the two was merged meanwhile
 */
export async function mergeMember(tx: Ctx, survivorId: string, otherId: string): Promise<Merged> {
  const { newAfterDays } = tx.policy
  const call = { from: otherId, to: survivorId, at: tx.now(), newAfterDays }
  let brought: Merged = { points: 0, growth: 0 }
  for (const step of tx.registry.mergeSteps) {
    const answer = await tx.sql<Merged>(step, call)
    if (step === 'ledger_merge') brought = answer
  }
  const { growth } = await tx.db.account.findUniqueOrThrow({
    where: { memberId: survivorId },
    select: { growth: true },
  })
  await tx.sql('tier_raise', {
    memberId: survivorId,
    growth,
    at: tx.now(),
    validUntil: tierValidUntil(tx.now(), tx.policy),
    reason: 'merged',
    ...tierTermsOf(tx.policy),
  })
  return brought
}

/** The record that goes on for this one: itself, or the survivor of its merge. */
export async function survivingId(db: Db, memberId: string): Promise<string> {
  const member = await db.member.findUnique({ where: { memberId }, select: { mergedInto: true } })
  return member?.mergedInto ?? memberId
}
