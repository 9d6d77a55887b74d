import { type SpreadNumbers, spreadWords } from '@huiyuan/shared/article'
import { type Ctx, memberIdOf } from '../ctx'

type Row = SpreadNumbers & { articleId: string; title: string; art: string; nextAt: string | null }

const NUMBERS = ['readers', 'waiting', 'counted', 'returned', 'doubtful', 'self', 'double', 'passed'] as const

/** What became of the articles that a member passed on: how many readers, what counts, and why the rest does not; never who. */
export async function showSpread(ctx: Ctx) {
  const { attributionDays, readingHoldDays } = ctx.policy
  const rows = await ctx.sql<Row[]>('article_mine', {
    memberId: memberIdOf(ctx),
    at: ctx.now(),
    windowDays: attributionDays,
  })
  const totals = Object.fromEntries(
    NUMBERS.map((name) => [name, rows.reduce((sum, row) => sum + row[name], 0)]),
  ) as unknown as SpreadNumbers
  return {
    totals,
    attributionDays,
    holdDays: readingHoldDays,
    articles: rows.map((row) => ({ ...row, why: spreadWords(row, ctx.policy) })),
  }
}
