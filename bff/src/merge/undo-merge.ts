import { type Ctx, commandOf, inTx, memberIdOf } from '../ctx'
import { mergeTerms } from '../member'
import { twiceWhenBusy } from '../refusal'

/** Who pays for what was spent of the other's points meanwhile. */
export type UndoCharge = 'survivor' | 'programme'

export interface UndoSummary {
  /** What goes back, in numbers. */
  back: Record<string, number>
  /** Reversals of the merge that are taken back with it. */
  restored: ({ kind: string } & Record<string, unknown>)[]
  /** What cannot be brought back any more, and why. */
  lost: ({ kind: string; why?: string } & Record<string, unknown>)[]
}

export interface UndoPreview extends Partial<UndoSummary> {
  blockers: { blocker: string; mergeId?: string }[]
  seal: string
}

const undoCall = (ctx: Ctx, of: { mergeId: string; charge: UndoCharge; note: string }) => ({
  ...of,
  staffId: memberIdOf(ctx),
  at: ctx.now(),
  undoSteps: ctx.registry.undoSteps,
  ...mergeTerms(ctx),
})

/** What taking this merge back would do: the deed itself, rolled back. @throws NOT_FOUND */
export const previewUndo = (ctx: Ctx, input: { mergeId: string; charge: UndoCharge }): Promise<UndoPreview> =>
  inTx(ctx, (tx) => tx.sql('merge_undo_preview', undoCall(tx, { ...input, note: '' })))

/**
 * Makes one record two again: the separated member gets its own points, unused coupons and all else back; what the survivor has
 * spent of them is charged as `charge` says. Exactly what was previewed, or nothing.
 * @throws NOT_FOUND, MERGE_BLOCKED, PREVIEW_CHANGED, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED, BUSY
 */
export function undoMerge(
  ctx: Ctx,
  wish: { requestId: string; mergeId: string; charge: UndoCharge; note: string; seal: string },
): Promise<UndoSummary> {
  const { mergeId, charge, note, seal } = wish
  const command = commandOf(ctx, 'merge.undo', wish)
  return twiceWhenBusy(() =>
    ctx.sql('merge_undo_decide', { ...undoCall(ctx, { mergeId, charge, note }), command, seal }),
  )
}
