import { randomUUID } from 'node:crypto'
import { type ArticleForm, articleProblems } from '@huiyuan/shared/article'
import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'

export interface SavedArticle {
  articleId: string
  revision: number
}

export interface ArticleWish extends Omit<ArticleForm, 'publishFrom' | 'publishUntil'> {
  requestId: string
  /** Null for a new one, which gets its id here. */
  articleId: string | null
  /** What the operator had before them; null for a new one. */
  revision: number | null
  obligationId: string | null
  /** ISO instants. */
  publishFrom: string
  publishUntil: string | null
}

/**
 * Writes an article: new, or from the revision that was read. Its window decides when readers see it; one that was withdrawn
 * is out again.
 * @throws BAD_INPUT, NOT_FOUND, ARTICLE_CHANGED, STAFF_NEEDED, ROLE_NEEDED, REQUEST_REUSED
 */
export async function saveArticle(ctx: Ctx, wish: ArticleWish): Promise<SavedArticle> {
  const { requestId: _, ...article } = wish
  const form = {
    ...article,
    title: wish.title.trim(),
    summary: wish.summary.trim(),
    body: wish.body.trim(),
    publishFrom: new Date(wish.publishFrom),
    publishUntil: wish.publishUntil === null ? null : new Date(wish.publishUntil),
  }
  const problems = articleProblems(form)
  if (problems.length > 0)
    refuse('BAD_INPUT', { fields: problems.map(({ field }) => ({ path: field, problem: 'custom' })) })
  if ((wish.articleId === null) !== (wish.revision === null))
    refuse('BAD_INPUT', { fields: [{ path: 'revision', problem: 'custom' }] })
  const call = {
    ...form,
    articleId: wish.articleId ?? `n_${randomUUID().replaceAll('-', '').slice(0, 12)}`,
    request: commandOf(ctx, 'article.save', wish),
    staffId: memberIdOf(ctx),
    at: ctx.now(),
  }
  return twiceWhenBusy(() => ctx.sql<SavedArticle>('article_save', call))
}
