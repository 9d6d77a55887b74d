import { startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'

/** Removes codes that are over and count for no limit any more. Returns how many. */
export async function forgetSmsCodes(ctx: Ctx): Promise<number> {
  const now = ctx.now()
  const { count } = await ctx.db.smsCode.deleteMany({
    where: { expiresAt: { lt: now }, dayStart: { lt: startOfBusinessDay(now) } },
  })
  return count
}
