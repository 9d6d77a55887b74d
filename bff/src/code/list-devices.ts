import { type Ctx, memberIdOf } from '../ctx'

/** The phones that can show the member's code now, the newest first. */
export async function listDevices(ctx: Ctx) {
  const rows = await ctx.db.device.findMany({
    where: { memberId: memberIdOf(ctx), revokedAt: null },
    orderBy: { deviceId: 'desc' },
    take: 50,
    select: { deviceId: true, label: true, platform: true, createdAt: true, lastUsedAt: true },
  })
  return {
    devices: rows.map((row) => ({
      ...row,
      platform: row.platform as 'weapp' | 'h5',
      createdAt: row.createdAt.toISOString(),
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    })),
  }
}
