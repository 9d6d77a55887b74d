import { z } from 'zod'
import { memberProcedure, requestId, router, staffProcedure } from '../trpc'
import { adjustPoints } from './adjust-points'
import { decideAdjustment } from './decide-adjustment'
import { findSubject } from './find-subject'
import { forecastPoints } from './forecast-points'
import { listAdjustments } from './list-adjustments'
import { listLots } from './list-lots'
import { listStatement } from './list-statement'
import { reportLiability } from './report-liability'

const operatorProcedure = staffProcedure('operator')
const memberNo = z.string().min(1).max(32)
const note = z.string().trim().max(200)

export const ledgerRouter = router({
  statement: memberProcedure
    .input(
      z.object({
        kind: z.enum(['all', 'earned', 'spent', 'expired', 'growth']).optional(),
        cursor: z.uuid().optional(),
        limit: z.number().int().min(1).max(50).optional(),
      }),
    )
    .query(({ ctx, input }) => listStatement(ctx.verb, input)),
  lots: memberProcedure.query(({ ctx }) => listLots(ctx.verb)),
  forecast: memberProcedure.query(({ ctx }) => forecastPoints(ctx.verb)),
  subject: operatorProcedure.input(z.object({ memberNo })).query(({ ctx, input }) => findSubject(ctx.verb, input)),
  adjust: operatorProcedure
    .input(
      z.object({
        requestId,
        memberNo,
        points: z.number().int(),
        reason: z.enum(['goodwill', 'correction', 'outage', 'abuse', 'other']),
        note: note.min(1),
      }),
    )
    .mutation(({ ctx, input }) => adjustPoints(ctx.verb, input)),
  decide: operatorProcedure
    .input(z.object({ requestId, adjustmentId: z.uuid(), agree: z.boolean(), note: note.optional() }))
    .mutation(({ ctx, input }) => decideAdjustment(ctx.verb, input)),
  adjustments: operatorProcedure
    .input(
      z.object({
        state: z.enum(['waiting', 'over']),
        cursor: z.uuid().optional(),
        limit: z.number().int().min(1).max(50).optional(),
      }),
    )
    .query(({ ctx, input }) => listAdjustments(ctx.verb, input)),
  liability: operatorProcedure.query(({ ctx }) => reportLiability(ctx.verb)),
})
