import type { Ctx } from '../ctx'
import { maskedName } from './list-submissions'
import { type Picture, type PictureRow, pictureOf } from './pictures'

const PAGE = 10

export interface ShownReview {
  reviewId: string
  /** Whoever reads it knows that it was thanked for. */
  label: '有奖评价'
  nameMasked: string | null
  rating: number | null
  text: string | null
  pictures: Picture[]
  at: string
}

interface ReviewRow {
  submissionId: string
  rating: number | null
  text: string | null
  decidedAt: string
  submittedAt: string
  nameSealed: string | null
  uploads: PictureRow[]
}

/** Honest reviews that a person has looked at, the newest first: of one article, or all. `after` is the `next` of the page before. */
export async function listReviews(
  ctx: Ctx,
  { sku, after }: { sku?: string | undefined; after?: string | undefined },
): Promise<{ reviews: ShownReview[]; next: string | null }> {
  const [beforeAt, beforeId] = after?.split('_') ?? []
  const rows = await ctx.sql<ReviewRow[]>('obligation_reviews', { sku, beforeAt, beforeId, limit: PAGE + 1 })
  const page = rows.slice(0, PAGE)
  const last = page.at(-1)
  return {
    reviews: page.map((row) => ({
      reviewId: row.submissionId,
      label: '有奖评价',
      nameMasked: maskedName(ctx, row.nameSealed),
      rating: row.rating,
      text: row.text,
      pictures: row.uploads.map((picture) => pictureOf(ctx, picture)).filter(({ url }) => url !== null),
      at: new Date(row.submittedAt).toISOString(),
    })),
    next: rows.length > PAGE && last ? `${new Date(last.decidedAt).toISOString()}_${last.submissionId}` : null,
  }
}
