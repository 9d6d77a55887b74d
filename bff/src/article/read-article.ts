import { articlePath } from '@huiyuan/shared/article'
import { type Ctx, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'

/**
 * A member has opened an article, by `link` or without. Through whose link is noted, the last one's until the reader acts; asked
 * again it is the same. → where the own link leads
 * @throws NOT_FOUND, SESSION_OVER
 */
export async function readArticle(
  ctx: Ctx,
  { articleId, link }: { articleId: string; link?: string | undefined },
): Promise<{ sharePath: string }> {
  const call = { memberId: memberIdOf(ctx), articleId, link: link ?? null, at: ctx.now() }
  const { code } = await twiceWhenBusy(() => ctx.sql<{ code: string }>('article_read', call))
  return { sharePath: articlePath(articleId, code) }
}
