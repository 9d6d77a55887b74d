import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { findPerson } from './find-person'
import { listMerges, showMerge } from './list-merges'
import { mergePair } from './merge-pair'
import { previewMerge } from './preview-merge'
import { previewUndo, undoMerge } from './undo-merge'

const operatorProcedure = staffProcedure('operator')
/** A member number, a phone or a card number, as somebody types it. */
const said = z.string().trim().min(4).max(32)
const note = z.string().trim().min(1).max(200)
const seal = z.string().regex(/^[0-9a-f]{32}$/)
const charge = z.enum(['survivor', 'programme'])
const mergeId = z.uuid()

export const mergeRouter = router({
  find: operatorProcedure.input(z.object({ said })).query(({ ctx, input }) => findPerson(ctx.verb, input)),
  preview: operatorProcedure
    .input(z.object({ one: said, two: said }))
    .query(({ ctx, input }) => previewMerge(ctx.verb, input)),
  merge: operatorProcedure
    .input(z.object({ requestId, one: said, two: said, seal, note }))
    .mutation(({ ctx, input }) => mergePair(ctx.verb, input)),
  list: operatorProcedure
    .input(z.object({ cursor: z.uuid().optional(), limit: z.number().int().min(1).max(50).optional() }))
    .query(({ ctx, input }) => listMerges(ctx.verb, input)),
  show: operatorProcedure.input(z.object({ mergeId })).query(({ ctx, input }) => showMerge(ctx.verb, input)),
  previewUndo: operatorProcedure
    .input(z.object({ mergeId, charge }))
    .query(({ ctx, input }) => previewUndo(ctx.verb, input)),
  undo: operatorProcedure
    .input(z.object({ requestId, mergeId, charge, note, seal }))
    .mutation(({ ctx, input }) => undoMerge(ctx.verb, input)),
})
