import type { Ctx } from '../ctx'
import { headSelect, shownHead } from './article-rows'

const PAGE = 20

/** What readers see at `now`. */
export const shownAt = (now: Date) => ({
  withdrawnAt: null,
  publishFrom: { lte: now },
  OR: [{ publishUntil: null }, { publishUntil: { gt: now } }],
})

/** The articles that are out, the newest first, twenty at a time; `after` is the last one of the page before. */
export async function listArticles(ctx: Ctx, { after }: { after?: string | undefined }) {
  const last = after
    ? await ctx.db.article.findUnique({ where: { articleId: after }, select: { articleId: true, publishFrom: true } })
    : null
  const rows = await ctx.db.article.findMany({
    where: {
      AND: [
        shownAt(ctx.now()),
        last
          ? {
              OR: [
                { publishFrom: { lt: last.publishFrom } },
                { publishFrom: last.publishFrom, articleId: { gt: last.articleId } },
              ],
            }
          : {},
      ],
    },
    orderBy: [{ publishFrom: 'desc' }, { articleId: 'asc' }],
    take: PAGE + 1,
    select: headSelect,
  })
  return {
    articles: rows.slice(0, PAGE).map(shownHead),
    nextCursor: rows.length > PAGE ? (rows[PAGE - 1]?.articleId ?? null) : null,
  }
}
