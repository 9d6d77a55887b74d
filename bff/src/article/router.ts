import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router, staffProcedure } from '../trpc'
import { listArticles } from './list-articles'
import { listDrafts, showDraft } from './list-drafts'
import { readArticle } from './read-article'
import { saveArticle } from './save-article'
import { showArticle } from './show-article'
import { showSpread } from './show-spread'
import { withdrawArticle } from './withdraw-article'

const articleId = z.string().regex(/^[0-9a-z_]{1,32}$/)
const link = z.string().regex(/^[0-9A-Za-z]{1,10}$/)
const text = (max: number) => z.string().max(max)

export const articleRouter = router({
  list: openProcedure
    .input(z.object({ after: articleId.optional() }))
    .query(({ ctx, input }) => listArticles(ctx.verb, input)),
  show: openProcedure.input(z.object({ articleId })).query(({ ctx, input }) => showArticle(ctx.verb, input)),
  read: memberProcedure
    .input(z.object({ articleId, link: link.optional() }))
    .mutation(({ ctx, input }) => readArticle(ctx.verb, input)),
  mine: memberProcedure.query(({ ctx }) => showSpread(ctx.verb)),
  drafts: staffProcedure('operator').query(({ ctx }) => listDrafts(ctx.verb)),
  draft: staffProcedure('operator')
    .input(z.object({ articleId: articleId.nullable() }))
    .query(({ ctx, input }) => showDraft(ctx.verb, input)),
  save: staffProcedure('operator')
    .input(
      z.object({
        requestId,
        articleId: articleId.nullable(),
        revision: z.number().int().min(1).max(1_000_000).nullable(),
        title: text(80),
        summary: text(240),
        body: text(12_000),
        art: text(32),
        obligationId: z.string().min(1).max(32).nullable(),
        publishFrom: z.iso.datetime(),
        publishUntil: z.iso.datetime().nullable(),
      }),
    )
    .mutation(({ ctx, input }) => saveArticle(ctx.verb, input)),
  withdraw: staffProcedure('operator')
    .input(z.object({ requestId, articleId, revision: z.number().int().min(1).max(1_000_000) }))
    .mutation(({ ctx, input }) => withdrawArticle(ctx.verb, input)),
})
