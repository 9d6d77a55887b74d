import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { twiceWhenBusy } from '../refusal'
import type { SavedArticle } from './save-article'

/**
 * Takes an article off at once; saving it puts it back.
 * @throws NOT_FOUND, ARTICLE_CHANGED, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED
 */
export async function withdrawArticle(
  ctx: Ctx,
  wish: { requestId: string; articleId: string; revision: number },
): Promise<SavedArticle> {
  const { articleId, revision } = wish
  const request = commandOf(ctx, 'article.withdraw', wish)
  const call = { request, staffId: memberIdOf(ctx), articleId, revision, at: ctx.now() }
  return twiceWhenBusy(() => ctx.sql<SavedArticle>('article_withdraw', call))
}
