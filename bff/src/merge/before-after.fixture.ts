import type { Db } from '../db'

/** Tables that only grow, or say what was done: a merge that is taken back leaves its traces in them. */
const GROWING = [
  ...['transfer', 'effect', 'tier_change', 'merge_record', 'merge_step', 'merge_undo', 'kept_apart', 'request'],
  ...['audit_entry', 'audit_head', '_prisma_migrations'],
]

export type Snapshot = Record<string, string[]>

/**
 * Every row of every table that names one of these records in any column, as sorted text: what must be the same again after a
 * merge and its undo (I-ID4). `lastActiveAt` moves with every visit and is left out, and so is an emptied lot that points had moved
 * into: it belongs to its transfers.
 */
export async function snapshotOf(db: Db, memberIds: string[]): Promise<Snapshot> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`
  // one query for all: sixty round trips would be most of a property test
  const each = tables
    .filter(({ name }) => !GROWING.includes(name))
    .map(
      ({ name }) => `SELECT '${name}' AS name, (to_jsonb(t) - 'last_active_at')::text AS row FROM "${name}" t
        WHERE ${name === 'lot' ? 'NOT (remaining = 0 AND lot_id <> origin_lot_id)' : 'true'}
          AND EXISTS (SELECT 1 FROM jsonb_each_text(to_jsonb(t)) col WHERE col.value = ANY ($1))`,
    )
  const rows = await db.$queryRawUnsafe<{ name: string; row: string }[]>(
    `${each.join(' UNION ALL ')} ORDER BY 1, 2`,
    memberIds,
  )
  const seen: Snapshot = {}
  for (const { name, row } of rows) seen[name] = [...(seen[name] ?? []), row]
  return seen
}
