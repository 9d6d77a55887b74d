import { nextTier } from '@huiyuan/shared/tier'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Ctx, memberIdOf } from '../ctx'
import { displayNameOf } from '../member'
import { refuse } from '../refusal'
import { listStores } from '../store'

/** One thing worth doing today; the page shows the first few. */
export type TodayItem =
  | { kind: 'claim_card'; claimId: string; points: number }
  | { kind: 'points_expiring'; points: number; expiresAt: string }
  | { kind: 'points_maturing'; points: number; activeAt: string }
  | { kind: 'first_code' }
  | { kind: 'add_phone' }

/** What the database reads for a home screen, noun by noun; instants as ISO text. */
interface HomeRows {
  member: { memberNo: string; nameSealed: string | null } | null
  account: { availablePoints: number; pendingPoints: number; debtPoints: number; growth: number }
  standing: { tier: number; validUntil: string }
  lots: { state: 'pending' | 'active'; remaining: number; activeAt: string; expiresAt: string }[]
  claim: { claimId: string; points: number } | null
  phones: number
  devices: number
}

/** Everything the home screen needs, in one answer and one round trip to the database. @throws SESSION_OVER */
export async function showHome(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const now = ctx.now()
  const [{ member, account, standing, claim, phones, devices, ...rows }, { stores }] = await Promise.all([
    ctx.sql<HomeRows>('home_show', { memberId, at: now }),
    listStores(ctx),
  ])
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!member) return refuse('SESSION_OVER')
  const lots = rows.lots.map((lot) => ({
    ...lot,
    activeAt: new Date(lot.activeAt),
    expiresAt: new Date(lot.expiresAt),
  }))
  const pending = lots
    .filter(({ state }) => state === 'pending')
    .sort((a, b) => a.activeAt.getTime() - b.activeAt.getTime())
  return {
    asOf: now.toISOString(),
    card: {
      memberNo: member.memberNo,
      displayName: displayNameOf(ctx, member.nameSealed === null ? null : Buffer.from(member.nameSealed, 'base64')),
      tier: standing.tier,
      tierUntil: standing.tier === 1 ? null : new Date(standing.validUntil).toISOString(),
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

interface LiveLot {
  state: 'pending' | 'active'
  remaining: number
  activeAt: Date
  expiresAt: Date
}

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
