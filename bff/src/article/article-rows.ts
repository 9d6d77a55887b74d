import { articlePath, articleState, blocksOf, readingMinutes } from '@huiyuan/shared/article'

/** What lists show of an article. */
export const headSelect = {
  articleId: true,
  title: true,
  summary: true,
  art: true,
  publishFrom: true,
} as const

interface Head {
  articleId: string
  title: string
  summary: string
  art: string
  publishFrom: Date
}

interface Row extends Head {
  body: string
  publishUntil: Date | null
  withdrawnAt: Date | null
}

export const shownHead = ({ publishFrom, ...head }: Head) => ({ ...head, publishedAt: publishFrom.toISOString() })

/** An article as it is read: its parts instead of its text. */
export const shownArticle = ({ articleId, title, summary, art, body, publishFrom }: Row) => ({
  ...shownHead({ articleId, title, summary, art, publishFrom }),
  minutes: readingMinutes(body),
  blocks: blocksOf(body),
  path: articlePath(articleId),
})

/** Whether readers see it at `now`, for the operators' list. */
export const stateOf = (row: Pick<Row, 'publishFrom' | 'publishUntil' | 'withdrawnAt'>, now: Date) =>
  articleState(row, now)
