import type { MergeReason as Resolved } from '@huiyuan/shared/identity'
import { tierTermsOf, tierValidUntil } from '@huiyuan/shared/tier'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import type { Ctx } from '../ctx'
import type { Db } from '../db'

/** How it was known that two records are one person. */
export type MergeReason = Resolved | 'card_digits' | 'operator' | 'import'

export interface MergeCause {
  because: MergeReason
  /** The colleague who said so, and where. */
  staffId?: string | undefined
  storeId?: string | undefined
  note?: string | undefined
}

export interface Merged {
  mergeId: string
  /** What the other record brought. */
  points: number
  growth: number
}

/** What a merge did: `came` in numbers by noun, `reversed` one by one; no ids and no times, so that a preview can be compared. */
export interface MergeSummary {
  came: { points?: number; growth?: number } & Record<string, number>
  reversed: ({ kind: string } & Record<string, unknown>)[]
}

/** What the merge functions of all nouns are called with. */
export const mergeCall = (ctx: Ctx, survivorId: string, otherId: string, cause: MergeCause) => ({
  mergeId: uuidv7({ msecs: ctx.now().getTime() }),
  from: otherId,
  to: survivorId,
  at: ctx.now(),
  ...cause,
  steps: ctx.registry.mergeSteps,
  ...mergeTerms(ctx),
})

/** What of the policy a noun's merge or unmerge wants to know. */
export const mergeTerms = ({ policy, now }: Ctx) => ({
  newAfterDays: policy.newAfterDays,
  graceDays: policy.graceDays,
  pointsEnd: endOfMonthAfter(now(), policy.expiryMonths),
  validUntil: tierValidUntil(now(), policy),
  ...tierTermsOf(policy),
})

/**
 * Makes two records one person: every noun moves its rows, in the registry's order, and leaves a journal by which the merge
 * can be taken back. Runs inside a transaction.
 * @throws MERGE_BLOCKED naming what stands in the way; BUSY when one of the two was merged meanwhile
 */
export async function mergeMember(
  tx: Ctx,
  survivorId: string,
  otherId: string,
  cause: MergeCause = { because: 'operator' },
): Promise<Merged> {
  const call = mergeCall(tx, survivorId, otherId, cause)
  const { came } = await tx.sql<MergeSummary>('merge_run', call)
  return { mergeId: call.mergeId, points: came.points ?? 0, growth: came.growth ?? 0 }
}

/** The record that goes on for this one: itself, or the survivor of its merge. */
export async function survivingId(db: Db, memberId: string): Promise<string> {
  const member = await db.member.findUnique({ where: { memberId }, select: { mergedInto: true } })
  return member?.mergedInto ?? memberId
}
