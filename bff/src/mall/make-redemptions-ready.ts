import type { Ctx } from '../ctx'

/**
 * Makes up to `batch` prepared redemptions ready: each gets its pick-up code and a message to who allows it. Safe to run
 * twice and on several workers.
 */
export const makeRedemptionsReady = (ctx: Ctx, { batch }: { batch: number }): Promise<{ ready: number }> =>
  ctx.sql('mall_make_ready', { at: ctx.now(), limit: batch })
