import type { Ctx } from '../ctx'
import { type FromRow, fromNameOf, type GiftRow } from './gift-rows'

/** For guests: what waits for who joins now, and who sent the link. Of that person nothing but the name is told. */
export async function previewGift(ctx: Ctx, { link }: { link?: string | undefined }) {
  const { gift, ...from } = await ctx.sql<FromRow & { gift: GiftRow | null }>('gift_preview', {
    at: ctx.now(),
    link: link ?? null,
  })
  return {
    gift: gift && !gift.gone ? { giftId: gift.giftId, title: gift.title, contents: gift.contents } : null,
    fromName: fromNameOf(ctx, from),
  }
}
