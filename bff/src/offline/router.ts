import { isKeepable, SYNC_ENTRIES } from '@huiyuan/shared/offline'
import { z } from 'zod'
import { deviceLabel, requestId, router, staffProcedure } from '../trpc'
import { decideClash } from './decide-clash'
import { listClashes } from './list-clashes'
import { syncOffline } from './sync-offline'
import { enrolTablet, listTablets, revokeTablet, showGround } from './tablets'

const tillId = z.string().min(1).max(32)
const tabletId = z.uuid()
const sequence = z.int().min(1)
const at = z.iso.datetime({ offset: true }).refine(isKeepable)
const clerkProcedure = staffProcedure('clerk')
const managerProcedure = staffProcedure('manager')

/** One purchase that was taken without a network. An amount that cannot be is a clash, not a reason to refuse the others. */
export const offlineEntries = z
  .array(z.object({ sequence, code: z.string().min(1).max(600), scannedAt: at, soldAt: at, amountFen: z.int32() }))
  .min(1)
  .max(SYNC_ENTRIES)

export const offlineRouter = router({
  enrolTablet: managerProcedure
    .input(z.object({ requestId, tillId, label: deviceLabel }))
    .mutation(({ ctx, input }) => enrolTablet(ctx.verb, ctx.staff, input)),
  listTablets: managerProcedure.query(({ ctx }) => listTablets(ctx.verb, ctx.staff)),
  revokeTablet: managerProcedure
    .input(z.object({ requestId, tabletId }))
    .mutation(({ ctx, input }) => revokeTablet(ctx.verb, ctx.staff, input)),
  ground: clerkProcedure
    .input(z.object({ tabletId }))
    .query(({ ctx, input }) => showGround(ctx.verb, ctx.staff, input)),
  sync: clerkProcedure
    .input(z.object({ requestId, tabletId, entries: offlineEntries }))
    .mutation(({ ctx, input }) => syncOffline(ctx.verb, ctx.staff, input)),
  clashes: managerProcedure.query(({ ctx }) => listClashes(ctx.verb, ctx.staff)),
  decide: managerProcedure
    .input(
      z.object({
        requestId,
        tillId,
        sequence,
        how: z.enum(['award', 'dismiss']),
        reason: z.string().trim().min(1).max(120),
      }),
    )
    .mutation(({ ctx, input }) => decideClash(ctx.verb, ctx.staff, input)),
})
