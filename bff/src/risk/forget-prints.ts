import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'

/** Removes what nobody was seen with for the days that the policy allows to remember it. Returns how many. */
export async function forgetPrints(ctx: Ctx): Promise<number> {
  const before = new Date(ctx.now().getTime() - ctx.policy.printDays * DAY_MS)
  return (await ctx.db.riskPrint.deleteMany({ where: { lastAt: { lt: before } } })).count
}
