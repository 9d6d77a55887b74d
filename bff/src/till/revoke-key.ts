import { type Ctx, commandOf } from '../ctx'
import type { AtWork } from '../staff'

/**
 * Ends a key of the own store for good: the next call it signs is refused everywhere.
 * @throws NOT_FOUND, ROLE_NEEDED, STAFF_NEEDED, REQUEST_REUSED
 */
export const revokeKey = (
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; keyId: string },
): Promise<{ revokedAt: string }> =>
  ctx.sql('till_revoke_key', {
    request: commandOf(ctx, 'till.revokeKey', input),
    staffId: staff.memberId,
    keyId: input.keyId,
    at: ctx.now(),
  })
