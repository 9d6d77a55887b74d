import { DAY_MS, monthsBefore, startOfBusinessDay } from '@huiyuan/shared/time'
import { type Ctx, inTx, tell } from '../../bff/src/ctx'
import { orderRefOf } from '../../bff/src/order/order-ref'
import { returnOrder } from '../../bff/src/order/return-order'
import { releaseDueReferrals } from '../../bff/src/referral'
import type { PastPurchase } from './history'
import { at, seedPerson } from './people'

export const DEMO_CAMPAIGN = {
  campaignId: 'first_cup_2026',
  title: '请朋友喝第一盏',
  words: '约上一位朋友，坐下来慢慢喝',
  rewardPoints: 100,
  minOrderFen: 1_500,
  holdDays: 15,
  perInviterCap: 10,
  budgetPoints: 100_000,
}

/** The campaign that thanks for friends, running for two months. */
export async function seedReferral(ctx: Ctx, now: Date): Promise<void> {
  const startsAt = startOfBusinessDay(monthsBefore(now, 2))
  await ctx.db.referralCampaign.createMany({ data: [{ ...DEMO_CAMPAIGN, startsAt }], skipDuplicates: true })
}

/** Mei's friends: when they joined and bought, in days before today. One has not bought, one brings it back. */
const FRIENDS = [
  { key: 'friend_1', name: '许知夏', joined: 40, bought: 38, amountFen: 2_600 },
  { key: 'friend_2', name: '周予安', joined: 9, bought: 8, amountFen: 1_900, returned: true },
  { key: 'friend_3', name: '陈一禾', joined: 6, bought: 3, amountFen: 2_200 },
  { key: 'friend_4', name: '何念', joined: 2 },
] as const

const openidOf = (key: string) => `o_seed_${key}`
const noonBefore = (now: Date, days: number) => new Date(startOfBusinessDay(now).getTime() - days * DAY_MS + DAY_MS / 2)

/** Lets Mei's friends join by her link. → what they bought since */
export async function seedFriends(ctx: Ctx, inviterId: string, now: Date): Promise<PastPurchase[]> {
  const { code } = await ctx.sql<{ code: string }>('referral_open', { memberId: inviterId, at: now })
  const purchases: PastPurchase[] = []
  for (const friend of FRIENDS) {
    const joinedAt = noonBefore(now, friend.joined)
    const arrival = { channel: 'weapp', link: code }
    const weapp = { openid: openidOf(friend.key) }
    const memberId = await seedPerson(ctx, { name: friend.name, weapp, joinedAt, arrival })
    await inTx(at(ctx, joinedAt), (tx) => tell(tx, 'member.joined', { memberId, at: joinedAt, arrival }))
    if ('bought' in friend)
      purchases.push({ memberId, storeId: 'hubin', at: noonBefore(now, friend.bought), amountFen: friend.amountFen })
  }
  return purchases
}

/** What became of their first purchases: kept and thanked for three weeks ago, or brought back today. */
export async function settleFriends(ctx: Ctx, staffId: string, now: Date): Promise<void> {
  await releaseDueReferrals(at(ctx, noonBefore(now, 21)), { batch: 100 })
  const subjects = FRIENDS.flatMap((friend) => ('returned' in friend ? [openidOf(friend.key)] : []))
  for (const { memberId } of await ctx.db.identity.findMany({ where: { subject: { in: subjects } } })) {
    const held = await ctx.db.referral.findFirst({ where: { memberId, state: 'held' }, select: { orderId: true } })
    if (!held?.orderId) continue
    const then = { ...at(ctx, now), actor: { kind: 'member' as const, memberId: staffId, sessionId: '' } }
    const orderRef = orderRefOf(ctx.keys, { memberId, orderId: held.orderId, visitId: null })
    await returnOrder(then, { memberId: staffId, storeId: 'hubin' }, { requestId: held.orderId, orderRef })
  }
}
