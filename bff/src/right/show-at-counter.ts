import { earnPercentOf, type OwnRight, ofKind } from '@huiyuan/shared/right'
import type { Ctx } from '../ctx'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'
import { ownRights, type RightFacts, type RightJson } from './own-rights'

/** A free service that the clerk can offer, or say when it is back. */
export interface CounterService {
  rightId: string
  title: string
  words: string
  state: 'available' | 'used_up'
  /** How often it can still be used in this period; null without limit. */
  left: number | null
  period: OwnRight['period']
  backAt: string | null
}

export interface AtCounter {
  services: CounterService[]
  /** What is worth saying to this customer, in the brand's words. */
  sayings: { rightId: string; title: string; words: string }[]
}

/**
 * The rights that matter while the customer stands here. Nothing for a visit without a code: it may earn only, and what
 * somebody has is their own business. @throws VISIT_UNKNOWN, VISIT_OVER
 */
export async function showAtCounter(
  ctx: Ctx,
  staff: AtWork,
  input: { visitId: string; memberRef: string },
): Promise<AtCounter> {
  const { memberId, method } = await getVisit(ctx, staff, input)
  if (method !== 'code') return { services: [], sayings: [] }
  const at = ctx.now()
  const { tier, rights, own } = await ctx.sql<{ tier: number | null; rights: RightJson[]; own: RightFacts }>(
    'right_show',
    { memberId, at },
  )
  const mine = ownRights(rights, tier ?? 0, own, at)
  return { services: servicesOf(mine), sayings: sayingsOf(mine, at) }
}

const servicesOf = (rights: readonly OwnRight[]): CounterService[] =>
  ofKind(rights, 'free_service').flatMap(({ rightId, title, payload, state, left, period, backAt }) =>
    state === 'locked'
      ? []
      : [{ rightId, title, words: payload.words, state, left, period, backAt: backAt?.toISOString() ?? null }],
  )

/** More points today, a gift that waits, somebody who cares for them: what a price does not show by itself. */
function sayingsOf(rights: readonly OwnRight[], now: Date): AtCounter['sayings'] {
  const percent = earnPercentOf(rights, now)
  const earning = ofKind(rights, 'points_multiplier').filter(
    (right) => percent > 100 && earnPercentOf([right], now) === percent,
  )
  const kinds = ['birthday_gift', 'trial_pack', 'service_manager'] as const
  const others = kinds.flatMap((kind): OwnRight[] => ofKind(rights, kind))
  return [...earning.slice(0, 1), ...others]
    .filter(({ state }) => state === 'available')
    .map(({ rightId, title, words }) => ({ rightId, title, words }))
}
