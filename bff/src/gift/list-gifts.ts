import { type Ctx, memberIdOf } from '../ctx'
import { fromNameOf, type GiftFacts, readGift, standingOf } from './gift-rows'

/**
 * Every gift there is for this member and how it stands: to be opened and until when, opened and what was in it, or why not yet
 * and what would help. What a right brings that does not run is not told.
 */
export async function listGifts(ctx: Ctx) {
  const facts = await readGift(ctx, memberIdOf(ctx))
  const now = ctx.now()
  const gifts = facts.gifts.map((gift) => shownGift(ctx, gift, facts, now))
  return { gifts: gifts.filter((gift) => gift !== null), birthday: facts.birthday }
}

function shownGift(ctx: Ctx, gift: GiftFacts['gifts'][number], facts: GiftFacts, now: Date) {
  const { giftId, kind, title, contents, given } = gift
  const standing = standingOf(gift, facts, now)
  // an earlier year's, or opened by another gift for the same day
  const opened = standing.state === 'taken' && given?.occasion === standing.occasion ? given : null
  if (standing.state === 'taken' && !opened) return null
  if (kind !== 'new_member' && !standing.right && !opened) return null
  const unlock = standing.refusal?.code === 'RIGHT_LOCKED' ? standing.right?.unlock : null
  return {
    giftId,
    kind,
    title,
    contents,
    state: standing.state,
    refusal: standing.refusal,
    claimBy: standing.claimBy?.toISOString() ?? null,
    /** When it can be opened the next time, once it was. */
    againAt: standing.againAt?.toISOString() ?? null,
    unlock: unlock
      ? {
          tier: unlock.tier,
          honourName: facts.rights.find(({ honourId }) => honourId === unlock.honourId)?.honourName ?? null,
        }
      : null,
    fromName: kind === 'new_member' ? fromNameOf(ctx, facts) : null,
    opened: opened && { openedAt: opened.openedAt, contents: opened.contents },
    followUp: opened && followUpOf(opened.followUp, now),
  }
}

/** The coupon that came with the hand-over, as it is now; null until then. */
function followUpOf(followUp: { title: string; state: string; expiresAt: string } | null, now: Date) {
  if (!followUp) return null
  const { title, state, expiresAt } = followUp
  const over = state === 'voided' || (state !== 'used' && new Date(expiresAt) < now)
  return {
    title,
    expiresAt,
    state: over ? ('over' as const) : state === 'used' ? ('used' as const) : ('usable' as const),
  }
}
