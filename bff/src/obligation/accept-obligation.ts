import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import { type ObligationRow, regainFromOf, type ShownObligation, shownObligation } from './obligation-facts'

/**
 * Takes an obligation up for this day, week, month or once; doing so again changes nothing.
 * @throws NOT_FOUND, OBLIGATION_DONE, OBLIGATION_STOPPED, OBLIGATION_NOT_OPEN, OBLIGATION_OVER, HONOUR_NEEDED, TIER_NEEDED,
 *   REQUEST_REUSED
 */
export async function acceptObligation(
  ctx: Ctx,
  input: { requestId: string; obligationId: string },
): Promise<ShownObligation> {
  const at = ctx.now()
  const own = memberIdOf(ctx)
  const row = await twiceWhenBusy(async (again) =>
    ctx.sql<ObligationRow>('obligation_accept', {
      request: commandOf(ctx, 'obligation.accept', input),
      memberId: again ? await survivingId(ctx.db, own) : own,
      obligationId: input.obligationId,
      instanceId: uuidv7({ msecs: at.getTime() }),
      at,
      regainFrom: regainFromOf(at, ctx.policy),
    }),
  )
  return shownObligation(ctx, row)
}
