import { endOfMonthAfter } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import { alongOf, type Command, type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { type OpenedContent, readGift, standingOf } from './gift-rows'

export interface OpenedGift {
  openedAt: string
  contents: OpenedContent[]
}

/**
 * Opens a gift: points, coupons, rights and pick-ups in one statement, once a person and occasion (I-G1).
 * @throws GIFT_TAKEN, GIFT_OVER, GIFT_GONE, NOT_NEW, RIGHT_LOCKED, BIRTHDAY_NEEDED, GIFT_NOT_OPEN, NOT_FOUND, REQUEST_REUSED
 */
export async function openGift(ctx: Ctx, input: { requestId: string; giftId: string }): Promise<OpenedGift> {
  const memberId = memberIdOf(ctx)
  const request = commandOf(ctx, 'gift.open', input)
  return twiceWhenBusy(async (again) => {
    const owner = again ? await survivingId(ctx.db, memberId) : memberId
    return ctx.sql<OpenedGift>('gift_open', await openingOf(ctx, owner, input.giftId, request))
  })
}

/** The rule's answer goes along with the facts it was given for; a replay is answered before anybody looks at either. */
async function openingOf(ctx: Ctx, memberId: string, giftId: string, request: Command) {
  const at = ctx.now()
  const facts = await readGift(ctx, memberId, giftId)
  const [gift] = facts.gifts
  if (!gift) return refuse('NOT_FOUND', { noun: 'gift' })
  const { refusal, right, occasion } = standingOf({ ...gift, given: null }, facts, at)
  const givenId = uuidv7({ msecs: at.getTime() })
  return {
    request,
    memberId,
    giftId,
    givenId,
    at,
    pointsEnd: endOfMonthAfter(at, ctx.policy.expiryMonths),
    newAfterDays: ctx.policy.newAfterDays,
    newSince: facts.newSince,
    boughtBefore: facts.boughtBefore,
    held: right !== null && right.state !== 'locked',
    birthday: facts.birthday,
    occasion,
    // what is used up is the statement's to say: it decides
    refusal: refusal?.code === 'GIFT_GONE' ? null : refusal,
    along: alongOf(ctx, 'gift.opened', { memberId, givenId, giftId, at }),
  }
}
