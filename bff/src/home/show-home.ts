import { nextTier } from '@huiyuan/shared/tier'
import { todayOf } from '@huiyuan/shared/today'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { ownRights } from '../right'
import { listStores } from '../store'
import { readShelf, rewardsWithin } from './home-rewards'
import { type HomeRows, openedName, todayFactsOf } from './home-rows'

/** Everything the home screen needs, in one answer and one round trip to the database. @throws SESSION_OVER */
export async function showHome(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const now = ctx.now()
  const [rows, { stores }, shelf] = await Promise.all([
    ctx.sql<HomeRows>('home_show', {
      memberId,
      at: now,
      newAfterDays: ctx.policy.newAfterDays,
      windowMonths: ctx.policy.growthWindowMonths,
      tierWarnDays: ctx.policy.tierWarnDays,
    }),
    listStores(ctx),
    readShelf(ctx),
  ])
  const { member, account, standing } = rows
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!member) return refuse('SESSION_OVER')
  const rights = ownRights(shelf.rights, standing.tier, rows.rightsOwn, now)
  const facts = todayFactsOf(ctx, rows, rights)
  const pending = facts.lots.filter(({ state }) => state === 'pending').map(({ activeAt }) => activeAt.getTime())
  return {
    asOf: now.toISOString(),
    card: {
      memberNo: member.memberNo,
      displayName: openedName(ctx, member.nameSealed),
      tier: standing.tier,
      tierUntil: standing.tier === 1 ? null : new Date(standing.validUntil).toISOString(),
      points: account.availablePoints,
      pendingPoints: account.pendingPoints,
      nextPendingAt: pending.length > 0 ? new Date(Math.min(...pending)).toISOString() : null,
      debtPoints: account.debtPoints,
      growth: account.growth,
      nextTier: nextTier(standing.tier, account.growth, ctx.policy),
    },
    today: todayOf(facts, now, ctx.policy),
    gift: facts.gift && { ...facts.gift, claimBy: facts.gift.claimBy.toISOString() },
    counts: { coupons: rows.coupons.length, pickups: rows.pickups.length, obligations: rows.undertaken.length },
    personal: rows.personal,
    rewards: rewardsWithin(
      shelf.rewards,
      {
        tier: standing.tier,
        points: account.availablePoints,
        debtPoints: account.debtPoints,
        rights,
        taken: rows.taken,
        personal: rows.personal,
      },
      now,
    ),
    shareCode: rows.shareCode,
    news: rows.news,
    stores,
  }
}
