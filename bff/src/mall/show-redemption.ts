import { redemptionSteps } from '@huiyuan/shared/mall-redemption'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { type RedemptionRow, type ShownRedemption, shownRedemption } from './shown-redemption'

export interface ShownStep {
  state: ReturnType<typeof redemptionSteps>[number]['state']
  /** Null for what is still to come. */
  at: string | null
  words: string
}

/** One redemption of the member's own, with what happened to it and what is still to come. @throws NOT_FOUND */
export async function showRedemption(
  ctx: Ctx,
  { redemptionId }: { redemptionId: string },
): Promise<{ redemption: ShownRedemption; steps: ShownStep[] }> {
  const row = await ctx.sql<RedemptionRow | null>('mall_redemption', { memberId: memberIdOf(ctx), redemptionId })
  if (!row) return refuse('NOT_FOUND', { noun: 'redemption' })
  const { placedAt, readyAt, finishedAt, ...facts } = row
  const steps = redemptionSteps({
    ...facts,
    placedAt: new Date(placedAt),
    readyAt: new Date(readyAt),
    finishedAt: finishedAt === null ? null : new Date(finishedAt),
  })
  return {
    redemption: shownRedemption(ctx.keys, row),
    steps: steps.map(({ state, at, words }) => ({ state, at: at?.toISOString() ?? null, words })),
  }
}
