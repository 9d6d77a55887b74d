import { type Ctx, commandOf } from '../ctx'
import type { AtWork } from '../staff'

/**
 * Sends one event once more, now, with the id it had: whoever has it already knows it by that.
 * @throws NOT_FOUND, also where its webhook has ended, ROLE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export const resendDelivery = (
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; deliveryId: string },
): Promise<{ deliveryId: string }> =>
  ctx.sql('webhook_resend', {
    request: commandOf(ctx, 'webhook.resend', input),
    staffId: staff.memberId,
    deliveryId: input.deliveryId,
    at: ctx.now(),
  })
