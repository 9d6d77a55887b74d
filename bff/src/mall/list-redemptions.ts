import { type Ctx, memberIdOf } from '../ctx'
import { type RedemptionRow, type ShownRedemption, shownRedemption } from './shown-redemption'

const PAGE = 20

/** What the member exchanged or was given, newest first; `cursor` is the id of the last one seen. */
export async function listRedemptions(
  ctx: Ctx,
  { cursor }: { cursor?: string | undefined },
): Promise<{ redemptions: ShownRedemption[]; nextCursor: string | null }> {
  const rows = await ctx.sql<RedemptionRow[]>('mall_redemptions', {
    memberId: memberIdOf(ctx),
    before: cursor ?? null,
    limit: PAGE + 1,
  })
  const page = rows.slice(0, PAGE).map((row) => shownRedemption(ctx.keys, row))
  return { redemptions: page, nextCursor: rows.length > PAGE ? (page.at(-1)?.redemptionId ?? null) : null }
}
