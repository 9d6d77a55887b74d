import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { headSelect, stateOf } from './article-rows'

const MOST = 100

/** Every article with its window and state, for operators: what is to come first, then the newest. */
export async function listDrafts(ctx: Ctx) {
  const now = ctx.now()
  const rows = await ctx.db.article.findMany({
    orderBy: [{ publishFrom: 'desc' }, { articleId: 'asc' }],
    take: MOST,
    select: { ...headSelect, publishUntil: true, withdrawnAt: true, revision: true, updatedAt: true },
  })
  return {
    articles: rows.map(({ summary: _, publishFrom, publishUntil, withdrawnAt, updatedAt, ...row }) => ({
      ...row,
      state: stateOf({ publishFrom, publishUntil, withdrawnAt }, now),
      publishFrom: publishFrom.toISOString(),
      publishUntil: publishUntil?.toISOString() ?? null,
      updatedAt: updatedAt.toISOString(),
    })),
  }
}

/** One article as it is written, and the activities that it can speak of. @throws NOT_FOUND */
export async function showDraft(ctx: Ctx, { articleId }: { articleId: string | null }) {
  const now = ctx.now()
  const [row, activities] = await Promise.all([
    articleId === null ? null : ctx.db.article.findUnique({ where: { articleId } }),
    ctx.db.obligation.findMany({
      where: { proof: 'staff_scan', endsAt: { gt: now } },
      orderBy: [{ position: 'asc' }, { obligationId: 'asc' }],
      take: 20,
      select: { obligationId: true, title: true },
    }),
  ])
  if (articleId !== null && !row) return refuse('NOT_FOUND', { noun: 'article' })
  return {
    article: row && {
      ...row,
      state: stateOf(row, now),
      publishFrom: row.publishFrom.toISOString(),
      publishUntil: row.publishUntil?.toISOString() ?? null,
      withdrawnAt: row.withdrawnAt?.toISOString() ?? null,
      updatedAt: row.updatedAt.toISOString(),
    },
    activities,
  }
}
