import { survivorOf } from '@huiyuan/shared/identity'
import { type Ctx, inTx, memberIdOf } from '../ctx'
import { holdersOf, type MergeSummary, mergeCall } from '../member'
import { refuse } from '../refusal'
import { personId, type ShownPerson, showPerson } from './find-person'

/** Two records, as they were typed: a member number, a phone or a card number each. */
export interface Pair {
  one: string
  two: string
}

export interface MergePreview extends Partial<MergeSummary> {
  /** Keeps number and WeChat; the other record goes into it. */
  survivor: ShownPerson
  other: ShownPerson
  /** What stands in the way; with one of these nothing can be merged. */
  blockers: { blocker: string }[]
  warnings: { warning: string }[]
  /** Names what was seen: a merge with it does exactly this, or nothing. */
  seal: string
}

/** Which of the two goes on. @throws MEMBER_UNKNOWN */
export async function pairOf(ctx: Ctx, { one, two }: Pair): Promise<{ survivorId: string; otherId: string }> {
  const [a, b] = await Promise.all([personId(ctx, one), personId(ctx, two)])
  if (a === b) return { survivorId: a, otherId: b }
  const [first, second] = await holdersOf(ctx.db, [a, b])
  if (!first || !second) return refuse('MEMBER_UNKNOWN')
  const [survivor, other] = survivorOf(first, second)
  return { survivorId: survivor.memberId, otherId: other.memberId }
}

/**
 * What a merge of these two would do, with every reversal it would make: the merge itself, done and rolled back.
 * @throws MEMBER_UNKNOWN
 */
export async function previewMerge(ctx: Ctx, input: Pair): Promise<MergePreview> {
  const { survivorId, otherId } = await pairOf(ctx, input)
  const cause = { because: 'operator', staffId: memberIdOf(ctx) } as const
  const [survivor, other] = await Promise.all([showPerson(ctx, survivorId), showPerson(ctx, otherId)])
  const seen = await inTx(ctx, (tx) =>
    tx.sql<Omit<MergePreview, 'survivor' | 'other'>>('merge_preview', mergeCall(tx, survivorId, otherId, cause)),
  )
  return { survivor, other, ...seen }
}
