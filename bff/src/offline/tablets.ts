import { FIRST_TABLET_SEQUENCE, TABLET_SEQUENCES } from '@huiyuan/shared/offline'
import { v7 as uuidv7 } from 'uuid'
import { shownPublicKeys } from '../code'
import { type Ctx, commandOf } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'

/**
 * Lets a tablet take purchases at one till of the own store while there is no network. It counts its entries from
 * `firstSequence` on. @throws TABLET_TAKEN while that till has one, TILL_UNKNOWN, ROLE_NEEDED
 */
export function enrolTablet(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; tillId: string; label: string },
): Promise<{ tabletId: string; firstSequence: number }> {
  return ctx.sql('offline_enrol_tablet', {
    request: commandOf(ctx, 'offline.enrolTablet', input),
    staffId: staff.memberId,
    tillId: input.tillId,
    tabletId: uuidv7({ msecs: ctx.now().getTime() }),
    label: input.label,
    first: FIRST_TABLET_SEQUENCE,
    room: TABLET_SEQUENCES,
    at: ctx.now(),
  })
}

/** Ends a tablet of the own store: what it sells from now on is a clash. @throws NOT_FOUND, ROLE_NEEDED */
export function revokeTablet(
  ctx: Ctx,
  staff: AtWork,
  input: { requestId: string; tabletId: string },
): Promise<{ done: true }> {
  const request = commandOf(ctx, 'offline.revokeTablet', input)
  return ctx.sql('offline_revoke_tablet', {
    request,
    staffId: staff.memberId,
    tabletId: input.tabletId,
    at: ctx.now(),
  })
}

/** The tablets of the own store, also those that have ended, the newest first. */
export async function listTablets(ctx: Ctx, staff: AtWork) {
  const rows = await ctx.db.tablet.findMany({
    where: { storeId: staff.storeId },
    orderBy: { tabletId: 'desc' },
    take: 50,
    select: { tabletId: true, tillId: true, label: true, enrolledAt: true, lastSyncAt: true, revokedAt: true },
  })
  return {
    tablets: rows.map((row) => ({
      ...row,
      enrolledAt: row.enrolledAt.toISOString(),
      lastSyncAt: row.lastSyncAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
    })),
  }
}

/** A tablet of the own store. @throws NOT_FOUND */
export async function getTablet(ctx: Ctx, staff: AtWork, tabletId: string) {
  const tablet = await ctx.db.tablet.findUnique({ where: { tabletId, storeId: staff.storeId } })
  return tablet ?? refuse('NOT_FOUND', { noun: 'tablet' })
}

/**
 * What a tablet needs to go on alone: the server's clock, the keys that certificates are checked with, and the terms.
 * @throws NOT_FOUND, TABLET_REVOKED
 */
export async function showGround(ctx: Ctx, staff: AtWork, { tabletId }: { tabletId: string }) {
  const tablet = await getTablet(ctx, staff, tabletId)
  if (tablet.revokedAt) return refuse('TABLET_REVOKED')
  const { certificateHours, offlineDays, visitMinutes, tiers } = ctx.policy
  return {
    tillId: tablet.tillId,
    firstSequence: Number(tablet.firstSequence),
    serverNow: ctx.now().getTime(),
    publicKeys: shownPublicKeys(ctx.keys),
    terms: { certificateHours, offlineDays, visitMinutes, tierNames: tiers.map(({ name }) => name) },
  }
}
