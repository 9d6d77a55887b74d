import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'

/**
 * Puts the member's name on the wall of an honour that they wear, or takes it off; at once either way, and doing so again changes
 * nothing. @throws NOT_FOUND, HONOUR_NEEDED, REQUEST_REUSED
 */
export async function setWall(
  ctx: Ctx,
  input: { requestId: string; honourId: string },
  on: boolean,
): Promise<{ onWall: boolean }> {
  const own = memberIdOf(ctx)
  return twiceWhenBusy(async (again) =>
    ctx.sql<{ onWall: boolean }>('honour_wall_set', {
      request: commandOf(ctx, on ? 'honour.putOnWall' : 'honour.takeOffWall', input),
      memberId: again ? await survivingId(ctx.db, own) : own,
      honourId: input.honourId,
      on,
      at: ctx.now(),
    }),
  )
}
