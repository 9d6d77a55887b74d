import { nextTier } from '@huiyuan/shared/tier'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'
import { liveLots } from '../ledger'
import { displayNameOf, findClaim } from '../member'
import { refuse } from '../refusal'
import { listStores } from '../store'

/** One thing worth doing today; the page shows the first few. */
export type TodayItem =
  | { kind: 'claim_card'; claimId: string; points: number }
  | { kind: 'points_expiring'; points: number; expiresAt: string }
  | { kind: 'points_maturing'; points: number; activeAt: string }
  | { kind: 'first_code' }
  | { kind: 'add_phone' }

/** Everything the home screen needs, in one answer: one round trip to the database per noun. @throws SESSION_OVER */
export async function showHome(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const now = ctx.now()
  const [member, account, standing, lots, claim, phones, devices, { stores }] = await Promise.all([
    ctx.db.member.findUnique({ where: { memberId, status: 'active' }, select: { memberNo: true, nameSealed: true } }),
    ctx.db.account.findUniqueOrThrow({ where: { memberId } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true, validUntil: true } }),
    liveLots(ctx.db, memberId, 100),
    findClaim(ctx.db, memberId, now),
    ctx.db.identity.count({ where: { memberId, kind: 'phone' } }),
    ctx.db.device.count({ where: { memberId } }),
    listStores(ctx),
  ])
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!member) return refuse('SESSION_OVER')
  const pending = lots
    .filter(({ state }) => state === 'pending')
    .sort((a, b) => a.activeAt.getTime() - b.activeAt.getTime())
  return {
    asOf: now.toISOString(),
    card: {
      memberNo: member.memberNo,
      displayName: displayNameOf(ctx, member.nameSealed),
      tier: standing.tier,
      tierUntil: standing.tier === 1 ? null : standing.validUntil.toISOString(),
      points: account.availablePoints,
      pendingPoints: account.pendingPoints,
      nextPendingAt: pending[0]?.activeAt.toISOString() ?? null,
      debtPoints: account.debtPoints,
      growth: account.growth,
      nextTier: nextTier(standing.tier, account.growth, ctx.policy),
    },
    today: [
      ...(claim ? [{ kind: 'claim_card' as const, claimId: claim.claimId, points: claim.points }] : []),
      ...expiring(lots, now, ctx.policy.expiringSoonDays),
      ...(devices === 0 ? [{ kind: 'first_code' as const }] : []),
      ...maturing(pending),
      ...(phones === 0 ? [{ kind: 'add_phone' as const }] : []),
    ].slice(0, 3) satisfies TodayItem[],
    stores,
  }
}

type LiveLot = Awaited<ReturnType<typeof liveLots>>[number]

/** Active points that end soon, those of the nearest end taken together. */
function expiring(lots: LiveLot[], now: Date, withinDays: number) {
  const soon = lots.filter(
    ({ state, expiresAt }) =>
      state === 'active' && expiresAt > now && expiresAt.getTime() - now.getTime() <= withinDays * DAY_MS,
  )
  const first = soon[0]
  if (!first) return []
  const points = soon
    .filter(({ expiresAt }) => +expiresAt === +first.expiresAt)
    .reduce((sum, lot) => sum + lot.remaining, 0)
  return [{ kind: 'points_expiring' as const, points, expiresAt: first.expiresAt.toISOString() }]
}

function maturing(pending: LiveLot[]) {
  const first = pending[0]
  if (!first) return []
  const points = pending
    .filter(({ activeAt }) => +activeAt === +first.activeAt)
    .reduce((sum, lot) => sum + lot.remaining, 0)
  return [{ kind: 'points_maturing' as const, points, activeAt: first.activeAt.toISOString() }]
}
