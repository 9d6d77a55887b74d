import type { Ctx } from '../ctx'
import type { AtWork } from '../staff'

export interface ShownKey {
  keyId: string
  tillId: string
  label: string
  createdAt: string
  lastUsedAt: string | null
  revokedAt: string | null
}

/** The keys of the own store, those that stand first, the newest first. */
export async function listKeys(ctx: Ctx, { storeId }: AtWork): Promise<{ keys: ShownKey[] }> {
  const rows = await ctx.db.tillKey.findMany({
    where: { storeId },
    orderBy: [{ revokedAt: { sort: 'desc', nulls: 'first' } }, { keyId: 'desc' }],
    take: 100,
    select: { keyId: true, tillId: true, label: true, createdAt: true, lastUsedAt: true, revokedAt: true },
  })
  return {
    keys: rows.map(({ createdAt, lastUsedAt, revokedAt, ...key }) => ({
      ...key,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
      revokedAt: revokedAt?.toISOString() ?? null,
    })),
  }
}
