import { type EndingPoints, forecastOf } from '@huiyuan/shared/adjustment'
import { type Ctx, memberIdOf } from '../ctx'

export interface Forecast {
  /** What can be spent now, and what cannot yet. */
  points: number
  pendingPoints: number
  /** Only months in which something ends, the next thirteen; `endsAt` is the first end within the month. */
  months: { month: string; endsAt: string; points: number; pendingPoints: number }[]
  /** A sentence for each of these months. */
  words: string[]
}

/** When the member's own points will end if nothing is spent. */
export async function forecastPoints(ctx: Ctx): Promise<Forecast> {
  const now = ctx.now()
  const ending = await ctx.db.$queryRaw<EndingPoints[]>`
    SELECT expires_at AS "endsAt",
        coalesce(sum(remaining) FILTER (WHERE active_at <= ${now}), 0)::float8 AS points,
        coalesce(sum(remaining) FILTER (WHERE active_at > ${now}), 0)::float8 AS "pendingPoints"
      FROM lot WHERE member_id = ${memberIdOf(ctx)}::uuid AND remaining > 0 AND expires_at >= ${now} GROUP BY expires_at`
  const months = forecastOf(ending, now)
  return {
    points: ending.reduce((sum, { points }) => sum + points, 0),
    pendingPoints: ending.reduce((sum, { pendingPoints }) => sum + pendingPoints, 0),
    months: months.map(({ month, endsAt, points, pendingPoints }) => ({
      month,
      endsAt: endsAt.toISOString(),
      points,
      pendingPoints,
    })),
    words: months.map(({ words }) => words),
  }
}
