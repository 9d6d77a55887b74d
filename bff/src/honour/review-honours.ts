import { type DutiesByMonth, type HonourHeld, type HonourTerms, honourReview, nextLook } from '@huiyuan/shared/honour'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { type HeldJson, heldOf } from './held'

export interface HonoursReviewed {
  /** Honours looked at in this batch. */
  found: number
  warned: number
  lapsed: number
  /** Kept after a warning, or won back after a lapse. */
  kept: number
  /** Those that could not be looked at now; a later run finds them again. */
  failed: number
}

interface Facts {
  asks: number
  warnDays: number
  held: HeldJson
  months: DutiesByMonth
}

/**
 * Looks after up to `batch` honours that are due: warns of duties that are missing and of terms that end, lets lapse what was warned
 * of in time, gives back what was won back. Safe to repeat and on several workers: each is written only as it was seen.
 */
export async function reviewHonours(ctx: Ctx, { batch }: { batch: number }): Promise<HonoursReviewed> {
  const at = ctx.now()
  const seen = { warned: 0, lapsed: 0, kept: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.honourHeld.findMany({
        where: { reviewAt: { lte: at }, memberId: { notIn: except } },
        orderBy: { reviewAt: 'asc' },
        take,
        select: { memberId: true, honourId: true },
      }),
    idOf: ({ memberId }) => memberId,
    work: async (one) => {
      const became = await reviewHonour(ctx, one, at)
      if (became) seen[became]++
    },
    nameOf: (one) => one,
    failed: 'an honour was not reviewed',
  })
  return { ...seen, found, failed }
}

/** → what became of it, null where nothing has changed or somebody else was quicker */
async function reviewHonour(ctx: Ctx, one: { memberId: string; honourId: string }, at: Date) {
  const facts = await ctx.sql<Facts | null>('honour_facts', { ...one, at })
  if (!facts) return null
  const terms: HonourTerms = {
    duties: facts.asks,
    warnDays: facts.warnDays,
    regainMonths: ctx.policy.honourRegainMonths,
  }
  const held = heldOf(facts.held)
  const next = honourReview(held, terms, facts.months, at)
  const reviewAt = nextLook(next, terms, at)
  const { turned } = await ctx.sql<{ turned: boolean }>('honour_turn', { ...one, at, seen: facts, next, reviewAt })
  return turned ? becameOf(held, next) : null
}

function becameOf(held: HonourHeld, next: HonourHeld): 'warned' | 'lapsed' | 'kept' | null {
  if (next.state === held.state) return null
  return next.state === 'worn' ? 'kept' : next.state
}
