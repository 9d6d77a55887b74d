import { DAY_MS, monthsBefore, startOfBusinessDay } from '@huiyuan/shared/time'
import { type Ctx, inTx, tell } from '../../bff/src/ctx'
import { orderRefOf } from '../../bff/src/order/order-ref'
import { returnOrder } from '../../bff/src/order/return-order'
import { judgeHeldReferrals, releaseDueReferrals } from '../../bff/src/referral'
import { appealReferral } from '../../bff/src/referral/appeal-referral'
import { caseRefOf } from '../../bff/src/referral/case-ref'
import { decideReferral } from '../../bff/src/referral/decide-referral'
import { printsOf } from '../../bff/src/risk'
import type { PastPurchase } from './history'
import { at, memberOfPhone, seedPerson } from './people'

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

interface SeedFriend {
  key: string
  name: string
  /** Days before today; opened, where it was not just before joining. */
  joined: number
  opened?: number
  bought?: number
  amountFen?: number
  returned?: boolean
  /** What they and Mei were both seen with. */
  shared?: 'install' | 'payer'
}

/**
 * Mei's friends, one in each state: thanked for, brought back, waiting for its day, not bought yet, looked at by a person, refused and
 * appealed against, and too late by the link.
 */
const FRIENDS: SeedFriend[] = [
  { key: 'friend_1', name: '许知夏', joined: 40, bought: 38, amountFen: 2_600 },
  { key: 'friend_6', name: '程以宁', joined: 30, bought: 29, amountFen: 3_200, shared: 'payer' },
  { key: 'friend_5', name: '沈听澜', joined: 12, bought: 11, amountFen: 2_400, shared: 'install' },
  { key: 'friend_2', name: '周予安', joined: 9, bought: 8, amountFen: 1_900, returned: true },
  { key: 'friend_3', name: '陈一禾', joined: 6, bought: 3, amountFen: 2_200 },
  { key: 'friend_7', name: '顾南枝', joined: 5, opened: 14 },
  { key: 'friend_4', name: '何念', joined: 2 },
]

const openidOf = (key: string) => `o_seed_${key}`
const noonBefore = (now: Date, days: number) => new Date(startOfBusinessDay(now).getTime() - days * DAY_MS + DAY_MS / 2)
const memberOf = async (ctx: Ctx, key: string) =>
  (await ctx.db.identity.findFirstOrThrow({ where: { subject: openidOf(key) } })).memberId

/** Lets Mei's friends join by her link. → what they bought since */
export async function seedFriends(ctx: Ctx, inviterId: string, now: Date): Promise<PastPurchase[]> {
  const { code } = await ctx.sql<{ code: string }>('referral_open', { memberId: inviterId, at: now })
  const purchases: PastPurchase[] = []
  for (const friend of FRIENDS) {
    const joinedAt = noonBefore(now, friend.joined)
    const opened = friend.opened ? { openedAt: noonBefore(now, friend.opened).getTime() } : {}
    const arrival = { channel: 'weapp', link: code, ...opened }
    const weapp = { openid: openidOf(friend.key) }
    const memberId = await seedPerson(ctx, { name: friend.name, weapp, joinedAt, arrival })
    await inTx(at(ctx, joinedAt), (tx) => tell(tx, 'member.joined', { memberId, at: joinedAt, arrival }))
    for (const who of friend.shared ? [memberId, inviterId] : []) {
      const prints = printsOf(ctx, { [friend.shared as 'install']: `seed ${friend.key}` })
      await ctx.sql('risk_seen', { memberId: who, prints, at: joinedAt })
    }
    const { bought, amountFen } = friend
    if (bought && amountFen) purchases.push({ memberId, storeId: 'hubin', at: noonBefore(now, bought), amountFen })
  }
  return purchases
}

/** What became of their first purchases since: judged, decided, thanked for, appealed against, or brought back today. */
export async function settleFriends(ctx: Ctx, staffId: string, now: Date): Promise<void> {
  const batch = { batch: 100 }
  await judgeHeldReferrals(at(ctx, noonBefore(now, 28)), batch)
  await seedRefusal(ctx, now)
  await releaseDueReferrals(at(ctx, noonBefore(now, 21)), batch)
  await judgeHeldReferrals(at(ctx, noonBefore(now, 1)), batch)
  for (const { key } of FRIENDS.filter(({ returned }) => returned)) {
    const memberId = await memberOf(ctx, key)
    const held = await ctx.db.referral.findFirst({ where: { memberId, state: 'held' }, select: { orderId: true } })
    if (!held?.orderId) continue
    const then = { ...at(ctx, now), actor: { kind: 'member' as const, memberId: staffId, sessionId: '' } }
    const orderRef = orderRefOf(ctx.keys, { memberId, orderId: held.orderId, visitId: null })
    await returnOrder(then, { memberId: staffId, storeId: 'hubin' }, { requestId: held.orderId, orderRef })
  }
}

/** One operator did not believe it; Mei asks another one. */
async function seedRefusal(ctx: Ctx, now: Date): Promise<void> {
  const memberId = await memberOf(ctx, 'friend_6')
  const waits = await ctx.db.referral.findFirst({ where: { memberId, state: 'review' } })
  if (!waits) return
  const as = (who: string, days: number) => ({
    ...at(ctx, noonBefore(now, days)),
    actor: { kind: 'member' as const, memberId: who, sessionId: '' },
  })
  const { referralId } = waits
  const call = { requestId: referralId, how: 'refuse' as const, answer: '首单由你付款，没能认出是另一位朋友。' }
  await decideReferral(as(await memberOfPhone(ctx, '+8613800006641'), 26), {
    ...call,
    caseRef: caseRefOf(ctx.keys, { memberId, referralId }),
  })
  await appealReferral(as(waits.inviterId, 2), {
    requestId: referralId,
    referralId,
    words: '以宁是我大学同学，那天她手机没电，是我替她付的。',
  })
}
