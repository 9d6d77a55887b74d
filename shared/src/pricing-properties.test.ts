import fc from 'fast-check'
import { allocate } from './price-lines'
import { type OfferedCoupon, type PricingFacts, priceOrder } from './pricing'
import { leastByTrying, priceWith } from './pricing-reference.fixture'
import { offeredCoupon, pricingFacts } from './pricing-world.fixture'

const shuffled = <T>(items: readonly T[], seed: number): T[] =>
  items
    .map((item, at) => ({ item, key: Math.sin(seed + at * 7.31) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)

const sum = (parts: readonly number[]) => parts.reduce((all, part) => all + part, 0)

/** Jest's own expectations cost more than a price; these are asked a million times. */
function same(got: unknown, wanted: unknown, of: string) {
  if (got !== wanted) throw new Error(`${of}: ${String(got)} instead of ${String(wanted)}`)
}

/** Numbers alone: what a receipt must add up to, whatever its words. */
function soundPrice(facts: PricingFacts) {
  const price = priceOrder(facts)
  const { lines, fullFen, payableFen, receipt, couponIds, coupons, points, rightIds } = price
  same(sum(lines.map((line) => line.payableFen)), payableFen, 'the lines')
  same(sum(lines.map((line) => line.fullFen)), fullFen, 'the lines by the menu')
  same(fullFen - sum(receipt.map(({ offFen }) => offFen)), payableFen, 'the receipt')
  const byRule = new Map<string, number>()
  for (const line of lines) {
    same(Number.isInteger(line.payableFen) && line.payableFen >= 0, true, 'whole fen')
    same(line.fullFen - sum(line.offs.map(({ offFen }) => offFen)), line.payableFen, 'a line')
    for (const { rule, offFen } of line.offs) byRule.set(rule, (byRule.get(rule) ?? 0) + offFen)
  }
  for (const { rule, state, offFen, words, title } of receipt) {
    same(byRule.get(rule) ?? 0, offFen, rule)
    same(offFen > 0 ? state : 'applied', 'applied', `${rule} takes off`)
    same(words.length * title.length > 0, true, `${rule} has words`)
  }
  same(new Set(receipt.map(({ rule }) => rule)).size, receipt.length, 'each rule once')
  same(coupons.flatMap(({ chosen, couponId }) => (chosen ? couponId : [])).join(), couponIds.join(), 'chosen')
  same(points.offFen, byRule.get('points') ?? 0, 'points')
  for (const rightId of rightIds) same((byRule.get(`right:${rightId}`) ?? 0) > 0, true, `${rightId} is used`)
  return price
}

describe('I-P1: the price adds up line by line', () => {
  test('10,000 carts cost to the fen what the reference says that tries every combination of coupons', () => {
    const seen = { together: 0, points: 0, rights: 0 }
    fc.assert(
      fc.property(pricingFacts(), (facts) => {
        const { payableFen, lines, couponIds, points, exact, rightIds } = soundPrice(facts)
        const reference = priceWith(facts, couponIds)
        same(lines.map((line) => line.payableFen).join(), reference.linesFen.join(), 'line by line')
        same(points.used, reference.pointsUsed, 'points')
        same(payableFen, leastByTrying(facts), 'the best combination')
        same(exact, true, 'exact')
        if (couponIds.length > 1) seen.together++
        if (points.used > 0) seen.points++
        if (rightIds.length > 1) seen.rights++
      }),
      { numRuns: 10_000 },
    )
    for (const often of Object.values(seen)) expect(often).toBeGreaterThan(1_000)
  })

  test('with up to twenty coupons of many groups, too', () => {
    fc.assert(
      fc.property(pricingFacts({ maxLines: 3, maxRules: 2, maxCoupons: 20 }), (facts) => {
        const { payableFen, exact } = soundPrice(facts)
        same(payableFen, leastByTrying(facts), 'the best combination')
        same(exact, true, 'exact')
      }),
      { numRuns: 300 },
    )
  })
})

test('I-P2: the same facts give the same receipt, in whatever order they were read', () => {
  fc.assert(
    fc.property(pricingFacts({ maxCoupons: 10, maxRules: 10 }), fc.nat(), (facts, seed) => {
      const [rules, coupons] = [shuffled(facts.rules, seed), shuffled(facts.coupons, seed)]
      const bought = shuffled(facts.bought, seed)
      same(
        JSON.stringify(priceOrder({ ...facts, rules, coupons, bought })),
        JSON.stringify(priceOrder(facts)),
        'receipt',
      )
    }),
    { numRuns: 1_000 },
  )
})

describe('I-P3: a further coupon never raises the price', () => {
  const more = offeredCoupon(['order', 'item', 'third', 'fifth', 'alone'])
  const raisesNothing = (facts: PricingFacts, coupon: OfferedCoupon) => {
    const before = priceOrder(facts)
    const after = priceOrder({ ...facts, coupons: [...facts.coupons, coupon] })
    same(after.payableFen <= before.payableFen, true, 'not dearer')
    same(before.exact && after.exact, true, 'exact')
    return before
  }

  test('and no choice by hand is cheaper than the best', () => {
    fc.assert(
      fc.property(pricingFacts(), more, fc.array(fc.nat(), { maxLength: 4 }), (facts, coupon, asked) => {
        const best = raisesNothing(facts, { ...coupon, couponId: 'x' })
        const choice = asked.flatMap((at) => facts.coupons[at % Math.max(1, facts.coupons.length)]?.couponId ?? [])
        same(soundPrice({ ...facts, choice }).payableFen >= best.payableFen, true, 'not cheaper')
      }),
      { numRuns: 1_000 },
    )
  })

  test('beside sixty others, each of a group of its own', () => {
    const groups = Array.from({ length: 60 }, (_, at) => `group${at}`)
    const wallet = fc.array(offeredCoupon(['any']), { minLength: 60, maxLength: 60 })
    const facts = fc.tuple(pricingFacts({ maxCoupons: 0 }), wallet).map(([bought, coupons]) => ({
      ...bought,
      policy: { ...bought.policy, couponsPerOrder: Math.min(3, bought.policy.couponsPerOrder) },
      coupons: coupons.map((coupon, at) => ({ ...coupon, couponId: `c${at}`, stackingGroup: groups[at]! })),
    }))
    fc.assert(
      fc.property(facts, more, (of, coupon) => void raisesNothing(of, { ...coupon, couponId: 'x' })),
      {
        numRuns: 100,
      },
    )
  })
})

test('a threshold is never lost by what another rule takes off: it is told by the menu', () => {
  fc.assert(
    fc.property(pricingFacts({ maxCoupons: 8, maxRules: 8 }), (facts) => {
      const bare: PricingFacts = { ...facts, rules: [], points: { wanted: 0, available: 0, debt: 0 } }
      const refusals = (of: PricingFacts) =>
        priceOrder({ ...of, choice: 'none' })
          .coupons.map(({ couponId, refusal }) => `${couponId} ${JSON.stringify(refusal)}`)
          .sort()
          .join()
      same(refusals(facts), refusals(bare), 'coupons')
      for (const rule of facts.rules) {
        if (rule.kind !== 'volume_discount' || rule.state !== 'available') continue
        const isNear = (rules: PricingFacts['rules']) =>
          priceOrder({ ...facts, rules }).receipt.find((line) => line.rule === `right:${rule.rightId}`)?.state ===
          'near'
        same(isNear(facts.rules), isNear([rule]), rule.rightId)
      }
    }),
    { numRuns: 500 },
  )
})

test('a discount is shared out in whole fen, each share within one fen of its part and never above its line', () => {
  const weights = fc.array(fc.oneof(fc.nat(9), fc.nat(1_000_000)), { minLength: 1, maxLength: 99 })
  fc.assert(
    fc.property(weights, fc.nat(1_000_000), (of, part) => {
      const whole = sum(of)
      const off = Math.floor((whole * part) / 1_000_000)
      const shares = allocate(off, of)
      same(sum(shares), off, 'all of it')
      shares.forEach((share, at) => {
        same(share >= 0 && share <= of[at]!, true, 'within its line')
        same(whole === 0 || Math.abs(share * whole - off * of[at]!) < whole, true, 'within a fen')
      })
    }),
    { numRuns: 1_000 },
  )
})
