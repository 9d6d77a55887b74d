import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { type MergeSummary, mergeCall } from '../member'
import { twiceWhenBusy } from '../refusal'
import { type Pair, pairOf } from './preview-merge'

export interface MergeWish extends Pair {
  requestId: string
  /** Of the preview that was looked at. */
  seal: string
  /** Why; colleagues read it. */
  note: string
}

/**
 * Makes two records one person because an operator says so: exactly what was previewed, or nothing.
 * @throws MEMBER_UNKNOWN, MERGE_BLOCKED, PREVIEW_CHANGED, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED, BUSY
 */
export async function mergePair(ctx: Ctx, wish: MergeWish): Promise<MergeSummary & { mergeId: string }> {
  const command = commandOf(ctx, 'merge.merge', wish)
  const cause = { because: 'operator', staffId: memberIdOf(ctx), note: wish.note } as const
  return twiceWhenBusy(async () => {
    const { survivorId, otherId } = await pairOf(ctx, wish)
    return ctx.sql('merge_decide', { ...mergeCall(ctx, survivorId, otherId, cause), command, seal: wish.seal })
  })
}
