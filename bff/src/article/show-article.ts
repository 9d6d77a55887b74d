import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { shownArticle } from './article-rows'
import { shownAt } from './list-articles'

/** One article with its parts and the activity that it speaks of, for anybody. @throws NOT_FOUND when it is not out */
export async function showArticle(ctx: Ctx, { articleId }: { articleId: string }) {
  const now = ctx.now()
  const row = await ctx.db.article.findFirst({ where: { articleId, ...shownAt(now) } })
  if (!row) return refuse('NOT_FOUND', { noun: 'article' })
  return { ...shownArticle(row), activity: await findActivity(ctx, row.obligationId, now) }
}

/** The activity, while it can still be gone to. */
async function findActivity(ctx: Ctx, obligationId: string | null, now: Date) {
  if (!obligationId) return null
  const duty = await ctx.db.obligation.findFirst({
    where: { obligationId, endsAt: { gt: now }, OR: [{ stoppedAt: null }, { stoppedAt: { gt: now } }] },
    select: { obligationId: true, title: true, startsAt: true, endsAt: true },
  })
  return duty && { ...duty, startsAt: duty.startsAt.toISOString(), endsAt: duty.endsAt.toISOString() }
}
