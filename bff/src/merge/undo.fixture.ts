import { randomUUID } from 'node:crypto'
import { type Colleague, newStaff, type TestHouse } from '../../../test/support/people'
import { inTx } from '../ctx'
import { mergeMember, mergeTerms } from '../member/merge-member'
import { previewUndo, type UndoCharge, type UndoSummary, undoMerge } from './undo-merge'

/** Makes `otherId` part of `survivorId`. → the merge's id */
export const merged = async (on: TestHouse, survivorId: string, otherId: string): Promise<string> =>
  (await inTx(on.as(), (tx) => mergeMember(tx, survivorId, otherId))).mergeId

const operators = new WeakMap<TestHouse, Promise<Colleague>>()
export const operatorOf = (on: TestHouse): Promise<Colleague> => {
  const known = operators.get(on) ?? newStaff(on, { role: 'operator' })
  operators.set(on, known)
  return known
}

/** An operator looks, and takes the merge back. */
export async function undone(on: TestHouse, mergeId: string, charge: UndoCharge = 'survivor'): Promise<UndoSummary> {
  const { ctx } = await operatorOf(on)
  const { blockers, seal } = await previewUndo(ctx, { mergeId, charge })
  expect(blockers).toEqual([])
  return undoMerge(ctx, { requestId: randomUUID(), mergeId, charge, note: '认错了人', seal })
}

/** Takes a merge back as the seal would allow it, in the middle of whatever else happens; false where something stands in its way. */
export const undoneBeside = (on: TestHouse, mergeId: string, charge: UndoCharge): Promise<boolean> =>
  inTx(on.as(), async (tx) => {
    const steps = { undoSteps: tx.registry.undoSteps, ...mergeTerms(tx) }
    const call = { mergeId, charge, note: '认错了人', staffId: randomUUID(), at: tx.now(), ...steps }
    if ((await tx.sql<unknown[]>('merge_undo_look', call)).length > 0) return false
    await tx.sql('merge_undo_run', call)
    return true
  })
