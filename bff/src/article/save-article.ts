import { randomUUID } from 'node:crypto'
import { type ArticleForm, articleProblems } from '@huiyuan/shared/article'
import type { RuleCode } from '@huiyuan/shared/compliance'
import { copyFindings } from '@huiyuan/shared/compliance-copy'
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

/** What sharing may not bring, as in a campaign; what is said of the tea itself is for whoever reads it before it is out. */
const ABOUT_SHARING: RuleCode[] = [
  ...(['share_copy', 'moments_post', 'forced_share', 'pay_per_visit', 'pay_per_head', 'pressure_copy'] as const),
  ...(['earning_copy', 'second_level', 'team_pay', 'growing_reward'] as const),
]

/**
 * Writes an article: new, or from the revision that was read. Its window decides when readers see it; one that was withdrawn
 * is out again.
 * @throws BAD_INPUT, CAMPAIGN_REFUSED (it promises something for passing it on), NOT_FOUND, ARTICLE_CHANGED, STAFF_NEEDED, ROLE_NEEDED,
 *   REQUEST_REUSED
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
  const violations = (['title', 'summary', 'body'] as const).flatMap((field) =>
    copyFindings(form[field]).flatMap(({ rule }) => (ABOUT_SHARING.includes(rule) ? [{ rule, field }] : [])),
  )
  if (violations.length > 0) refuse('CAMPAIGN_REFUSED', { violations })
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
