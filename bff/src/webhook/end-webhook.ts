import { type Ctx, commandOf } from '../ctx'
import type { AtWork } from '../staff'

/** Tells it nothing more; what was still on its way is given up. @throws NOT_FOUND, ROLE_NEEDED, STAFF_NEEDED, REQUEST_REUSED */
export const endWebhook = (
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; webhookId: string },
): Promise<{ endedAt: string }> =>
  ctx.sql('webhook_end', {
    request: commandOf(ctx, 'webhook.end', input),
    staffId: staff.memberId,
    webhookId: input.webhookId,
    at: ctx.now(),
  })
