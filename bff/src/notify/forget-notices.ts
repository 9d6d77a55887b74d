import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'

/** How long a push is remembered. WeChat repeats one within seconds; a signature older than this is refused. */
export const NOTICE_DAYS = 7

/** Removes notices that no repetition can match any more. Returns how many. */
export async function forgetNotices(ctx: Ctx): Promise<number> {
  const { count } = await ctx.db.wechatNotice.deleteMany({
    where: { at: { lt: new Date(ctx.now().getTime() - (NOTICE_DAYS + 1) * DAY_MS) } },
  })
  return count
}
