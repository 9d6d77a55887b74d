import { z } from 'zod'
import { requestId, router, staffProcedure } from '../trpc'
import { createWebhook, WEBHOOK_EVENTS } from './create-webhook'
import { endWebhook } from './end-webhook'
import { listDeliveries, listWebhooks } from './list-webhooks'
import { resendDelivery } from './resend-delivery'

const managerProcedure = staffProcedure('manager')
const webhookId = z.uuid()

export const webhookRouter = router({
  list: managerProcedure.query(({ ctx }) => listWebhooks(ctx.verb, ctx.staff)),
  create: managerProcedure
    .input(
      z.object({ requestId, url: z.string().min(1).max(400), events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(2) }),
    )
    .mutation(({ ctx, input }) => createWebhook(ctx.verb, ctx.staff, input)),
  end: managerProcedure
    .input(z.object({ requestId, webhookId }))
    .mutation(({ ctx, input }) => endWebhook(ctx.verb, ctx.staff, input)),
  deliveries: managerProcedure
    .input(z.object({ webhookId }))
    .query(({ ctx, input }) => listDeliveries(ctx.verb, ctx.staff, input)),
  resend: managerProcedure
    .input(z.object({ requestId, deliveryId: z.uuid() }))
    .mutation(({ ctx, input }) => resendDelivery(ctx.verb, ctx.staff, input)),
})
