import { type ArticleForm, type ArticleProblem, articleProblems, momentOf, momentText } from '@huiyuan/shared/article'
import type { RouterOutputs } from '../../lib/api'

export type Draft = NonNullable<RouterOutputs['article']['draft']['article']>

/** What stands in the fields; times as words by the brand's clock. */
export interface DraftFields {
  title: string
  summary: string
  body: string
  art: string
  obligationId: string | null
  from: string
  /** Empty for no end. */
  until: string
}

/** The fields of an article as it is written, or of a new one that is out from `now` on. */
export const fieldsOf = (draft: Draft | null, now: Date): DraftFields => ({
  title: draft?.title ?? '',
  summary: draft?.summary ?? '',
  body: draft?.body ?? '',
  art: draft?.art ?? 'mountain',
  obligationId: draft?.obligationId ?? null,
  from: momentText(draft ? new Date(draft.publishFrom) : now),
  until: draft?.publishUntil ? momentText(new Date(draft.publishUntil)) : '',
})

/** What would be saved, and what stands in its way. */
export function readFields(fields: DraftFields): { form: ArticleForm | null; problems: ArticleProblem[] } {
  const { title, summary, body, art } = fields
  const publishFrom = momentOf(fields.from)
  const publishUntil = fields.until.trim() === '' ? null : momentOf(fields.until)
  const wrong: ArticleProblem[] = []
  if (!publishFrom) wrong.push({ field: 'publishFrom', words: '请写成 2026-11-25 08:00' })
  if (fields.until.trim() !== '' && !publishUntil)
    wrong.push({ field: 'publishUntil', words: '请写成 2026-11-25 08:00，或留空' })
  const form = { title, summary, body, art, publishFrom: publishFrom ?? new Date(0), publishUntil }
  const problems = [...articleProblems(form), ...wrong]
  return { form: problems.length === 0 ? form : null, problems }
}
