import { liabilityOf, type OwedPoints } from '@huiyuan/shared/adjustment'
import type { Ctx } from '../ctx'
import { remembered } from '../remembered'

export interface Liability {
  /** When the books were read. */
  asOf: string
  available: number
  pending: number
  /** What members owe; it stands against the sums above. */
  debt: number
  /** Members who hold or are about to hold points. */
  members: number
  /** This month and the 23 after it. */
  months: (OwedPoints & { month: string; endsAt: string })[]
  later: OwedPoints
}

/** Reading all live lots takes a moment in a large programme; operators who look again see the same books. */
const TRUST_MS = 30_000
const liability = remembered<Liability>()

/** Points outstanding over all members, by the month in which they end. Equal to the sums of all accounts, at one instant. */
export async function reportLiability(ctx: Ctx): Promise<Liability> {
  const known = liability.recall(ctx.house, '')
  if (known) return known
  const told = await readLiability(ctx)
  liability.keep(ctx.house, '', told, ctx.now().getTime() + TRUST_MS)
  return told
}

interface Books {
  available: bigint | null
  pending: bigint | null
  debt: bigint | null
  members: bigint
  months: (OwedPoints & { month: string })[]
}

/**
 * One statement, so that lots and accounts are of the same instant. Lots that end together are summed first: there are few
 * such instants, and finding the month of each lot would cost more than reading it.
 */
async function readLiability(ctx: Ctx): Promise<Liability> {
  const now = ctx.now()
  const [books] = await ctx.db.$queryRaw<[Books]>`
    SELECT held.*, (
      SELECT coalesce(json_agg(owed), '[]') FROM (
        SELECT to_char(expires_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, sum(available)::float8 AS available,
            sum(pending)::float8 AS pending, sum(lots)::float8 AS lots
          FROM (
            SELECT expires_at, coalesce(sum(remaining) FILTER (WHERE state = 'active'), 0) AS available,
                coalesce(sum(remaining) FILTER (WHERE state = 'pending'), 0) AS pending, count(*) AS lots
              FROM lot WHERE remaining > 0 GROUP BY expires_at) ends
          GROUP BY 1) owed) AS months
      FROM (
        SELECT sum(available_points) AS available, sum(pending_points) AS pending, sum(debt_points) AS debt,
            count(*) FILTER (WHERE available_points + pending_points > 0) AS members FROM account) held`
  const { months, later } = liabilityOf(books.months, now)
  return {
    asOf: now.toISOString(),
    available: Number(books.available ?? 0),
    pending: Number(books.pending ?? 0),
    debt: Number(books.debt ?? 0),
    members: Number(books.members),
    months: months.map(({ endsAt, ...month }) => ({ ...month, endsAt: endsAt.toISOString() })),
    later,
  }
}
