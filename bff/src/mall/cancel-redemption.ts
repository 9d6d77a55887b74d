import type { GivenBack } from '@huiyuan/shared/mall-redemption'
import { businessDaysAfter, endOfBusinessDay } from '@huiyuan/shared/time'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'
import { type RedemptionRow, type ShownRedemption, shownRedemption } from './shown-redemption'

export interface Cancelled extends GivenBack {
  redemption: ShownRedemption
}

/** Until when points live on whose lot ended while they were spent. */
export const graceUntil = (ctx: Ctx): Date => endOfBusinessDay(businessDaysAfter(ctx.now(), ctx.policy.graceDays))

/**
 * Takes an exchange back that was not picked up yet: points return to the lots they came from, and a right that
 * was used for it can be used again.
 * @throws REDEMPTION_DONE, NOT_FOUND
 */
export async function cancelRedemption(
  ctx: Ctx,
  input: { requestId: string; redemptionId: string },
): Promise<Cancelled> {
  const own = memberIdOf(ctx)
  const { redemptionId } = input
  const call = {
    request: commandOf(ctx, 'mall.cancel', input),
    redemptionId,
    at: ctx.now(),
    graceUntil: graceUntil(ctx),
  }
  const { redemption, ...back } = await twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    return ctx.sql<GivenBack & { redemption: RedemptionRow }>('mall_cancel', { ...call, memberId })
  })
  return { ...back, redemption: shownRedemption(ctx.keys, redemption) }
}
