import { giftStanding } from '@huiyuan/shared/gift'
import { type Ctx, memberIdOf } from '../ctx'
import { fromNameOf, giftTimeOf, personOf, readGift } from './gift-rows'

/** How the new-member gift stands for this member: to be opened and until when, opened and what was in it, or why not. */
export async function showGift(ctx: Ctx) {
  const facts = await readGift(ctx, memberIdOf(ctx))
  const { gift, given } = facts
  if (!gift) return { gift: null }
  const standing = giftStanding(
    { ...personOf(facts), gift: giftTimeOf(gift), taken: given !== null, gone: gift.gone },
    ctx.now(),
  )
  return {
    gift: {
      giftId: gift.giftId,
      title: gift.title,
      state: standing.state,
      refusal: standing.refusal,
      claimBy: standing.claimBy?.toISOString() ?? null,
      fromName: fromNameOf(ctx, facts),
      contents: gift.contents,
      opened: given && { openedAt: given.openedAt, contents: given.contents },
    },
  }
}
