import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf } from '../ctx'
import { mayCall } from '../outside'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'

export const WEBHOOK_EVENTS = ['order.settled', 'order.returned'] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

export interface CreatedWebhook {
  webhookId: string
  /** What the receiver checks signatures with, as Standard Webhooks write it; null when it has been shown long ago. */
  secret: string | null
}

const SHOWN_AGAIN_MS = 10 * 60_000

/**
 * Tells the orders of the own store to an https address of the public internet from now on. The secret is shown as a till
 * key's is: now, and for some minutes to the same command sent again.
 * @throws WEBHOOK_ADDRESS, ROLE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export async function createWebhook(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; url: string; events: WebhookEvent[] },
): Promise<CreatedWebhook> {
  if (!(await mayCall(input.url, ctx.outside))) return refuse('WEBHOOK_ADDRESS')
  const at = ctx.now()
  const { webhookId } = await ctx.sql<{ webhookId: string }>('webhook_create', {
    request: commandOf(ctx, 'webhook.create', input),
    staffId: staff.memberId,
    webhookId: uuidv7({ msecs: at.getTime() }),
    url: input.url,
    events: [...new Set(input.events)],
    secretSealed: Buffer.from(ctx.keys.seal(`whsec_${randomBytes(32).toString('base64')}`)).toString('base64'),
    at,
  })
  const row = await ctx.db.webhook.findUniqueOrThrow({
    where: { webhookId },
    select: { secretSealed: true, createdAt: true },
  })
  const fresh = at.getTime() - row.createdAt.getTime() < SHOWN_AGAIN_MS
  return { webhookId, secret: fresh ? ctx.keys.openText(row.secretSealed) : null }
}
