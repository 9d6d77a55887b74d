import { tierTermsOf } from '@huiyuan/shared/tier'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'

export interface StandingsReviewed {
  /** Members looked after in this batch. */
  members: number
  /** Members told that their tier ends. */
  warned: number
  /** Members whose tier ended: one step down, or safe for another window. */
  landed: number
  kept: number
  /** Growth that left its window. */
  growthExpired: number
  /** Members who could not be reviewed now; a later run finds them again. */
  failed: number
}

/**
 * Reviews up to `batch` members of whom something is due: growth that leaves its window, the warning before a tier's end,
 * the end itself. Safe to run twice and on several workers: each member is looked at by a statement of its own, which finds
 * nothing due when another one was there before; broken off, the next run goes on.
 */
export async function reviewDueStandings(ctx: Ctx, { batch }: { batch: number }): Promise<StandingsReviewed> {
  const at = ctx.now()
  const done = { warned: 0, landed: 0, kept: 0, growthExpired: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.standing.findMany({
        where: { reviewAt: { lte: at }, memberId: { notIn: except } },
        orderBy: { reviewAt: 'asc' },
        take,
        select: { memberId: true },
      }),
    idOf: ({ memberId }) => memberId,
    work: async ({ memberId }) => {
      const review = await reviewStanding(ctx, memberId, at)
      if (review.warned) done.warned++
      if (review.landed) done.landed++
      if (review.kept) done.kept++
      done.growthExpired += review.growthExpired
    },
    nameOf: ({ memberId }) => ({ memberId }),
    failed: 'a standing was not reviewed',
  })
  return { ...done, members: found, failed }
}

interface StandingReview {
  warned: boolean
  landed: boolean
  kept: boolean
  growthExpired: number
}

/** What is due of one member at `at`. */
export const reviewStanding = (ctx: Ctx, memberId: string, at: Date): Promise<StandingReview> =>
  ctx.sql('tier_review', { memberId, at, ...tierTermsOf(ctx.policy) })
