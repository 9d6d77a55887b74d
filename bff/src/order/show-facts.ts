import type { PricingFacts } from '@huiyuan/shared/pricing'
import type { Told } from '@huiyuan/shared/told'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { type OrderFacts, readOrderFacts } from './order-facts'

export interface ShownFacts extends Told<Pick<PricingFacts, 'tier' | 'rules' | 'bought'>> {
  /** The server's time, by which rights and coupons were judged. */
  now: string
  coupons: Told<OrderFacts['coupons']>
  points: { available: number; debt: number }
  growth: number
  earnPercent: number
}

/** Everything that the phone needs to price each tap by itself, with the same rule as the counter. @throws SESSION_OVER */
export async function showFacts(ctx: Ctx): Promise<ShownFacts> {
  const facts = await readOrderFacts(ctx, memberIdOf(ctx), { everything: true })
  // a record that was merged away meanwhile: its session is told so by the next call
  if (!facts) return refuse('SESSION_OVER')
  const { tier, rules, bought, coupons, earnPercent } = facts
  const { available, debt, growth } = facts.account
  const shown = { now: ctx.now(), tier, rules, bought, coupons, points: { available, debt }, growth, earnPercent }
  return JSON.parse(JSON.stringify(shown)) as ShownFacts
}
