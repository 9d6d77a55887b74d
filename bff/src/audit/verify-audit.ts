import type { Ctx } from '../ctx'
import { CHAIN_START, follows } from './chain'

const PAGE = 1_000

export interface AuditFinding {
  storeId: string
  /** How many entries the chain should have. */
  entries: number
  intact: boolean
  /** Number of the first entry that is changed, missing or out of place. */
  brokenAt: number | null
}

/**
 * Computes a store's chain again, page by page, up to the end it had when asked. Finds any entry changed, removed,
 * moved or added; only a chain rewritten as a whole, end included, would need a copy of its end kept elsewhere.
 */
export async function verifyAudit(ctx: Pick<Ctx, 'db'>, storeId: string, page = PAGE): Promise<AuditFinding> {
  const head = await ctx.db.auditHead.findUnique({ where: { storeId }, select: { seq: true, hash: true } })
  const entries = head?.seq ?? 0
  const found = (brokenAt: number | null): AuditFinding => ({ storeId, entries, intact: brokenAt === null, brokenAt })
  let seq = 0
  let hash = CHAIN_START
  while (seq < entries) {
    const rows = await ctx.db.auditEntry.findMany({
      where: { storeId, seq: { gt: seq, lte: entries } },
      orderBy: { seq: 'asc' },
      take: page,
    })
    for (const row of rows) {
      if (!follows(row, seq + 1, hash)) return found(seq + 1)
      seq = row.seq
      hash = row.hash
    }
    if (rows.length === 0) return found(seq + 1)
  }
  if (head && head.hash !== hash) return found(entries)
  if (head) return found(null)
  const orphan = await ctx.db.auditEntry.findFirst({ where: { storeId }, select: { seq: true } })
  return found(orphan ? 1 : null)
}

/** Every store that has a chain, or entries without one, by its id. */
export async function auditedStores({ db }: Pick<Ctx, 'db'>): Promise<string[]> {
  const [heads, entries] = await Promise.all([
    db.auditHead.findMany({ select: { storeId: true } }),
    db.auditEntry.findMany({ select: { storeId: true }, distinct: ['storeId'] }),
  ])
  return [...new Set([...heads, ...entries].map(({ storeId }) => storeId))].sort()
}
