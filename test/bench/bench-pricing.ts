import { priceOrder } from '@huiyuan/shared/pricing'
import { fullCart } from './carts'
import { type Run, runOf } from './rounds'
import { type Bar, barsTable, number, table } from './tables'

const LINES = [1, 10, 100]
const RULES = [1, 10, 50]
const COUPONS = 10

interface Size {
  ms: number
  warmUpMs: number
}
const WHOLE: Size = { ms: 1_500, warmUpMs: 500 }
const QUICK: Size = { ms: 150, warmUpMs: 100 }

/** Prices carts of one size for about `ms`. */
function priceFor(ms: number, lines: number, rules: number): Run {
  const facts = fullCart(lines, rules, COUPONS)
  const latencies: number[] = []
  const startedAt = performance.now()
  for (let from = startedAt; from - startedAt < ms; ) {
    priceOrder(facts)
    const now = performance.now()
    latencies.push(now - from)
    from = now
  }
  return runOf(latencies, performance.now() - startedAt)
}

/** One price with its receipt, in this process: carts of 1, 10 and 100 lines under 1, 10 and 50 rules, beside ten coupons. */
export async function benchPricing([how]: string[]): Promise<void> {
  const { ms, warmUpMs } = how === 'quick' ? QUICK : WHOLE
  const sizes = LINES.flatMap((lines) => RULES.map((rules) => ({ lines, rules })))
  for (const { lines, rules } of sizes) priceFor(warmUpMs, lines, rules)
  const runs = sizes.map((size) => ({ ...size, run: priceFor(ms, size.lines, size.rules) }))
  const rows = runs.map(({ lines, rules, run }) => [
    `${lines} lines, ${rules} rules`,
    number(run.p50, 3),
    number(run.p99, 3),
    number(run.perSecond, 0),
  ])
  console.log(`\n${table(['in process, 10 coupons, points', 'p50 ms', 'p99 ms', 'carts/s'], rows)}\n`)
  const fullest = runs[runs.length - 1]?.run.p50 ?? null
  const bar: Bar = { name: '100 lines under 50 rules with receipt, ms', reached: fullest, bar: 1, wants: 'at most' }
  console.log(barsTable([bar]))
}
