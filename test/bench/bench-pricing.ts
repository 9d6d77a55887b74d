import { priceOrder } from '@huiyuan/shared/pricing'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'
import { fullCart } from './carts'
import { CLIENTS, type Ground, prepareGround } from './ground'
import type { Task } from './http-client'
import { startHttpClient, startServer } from './processes'
import { giveCoupons, putUpMenu, putUpRules } from './put-up-prices'
import { type Contestant, type Run, ratioOf, runOf, type Turns, takeTurns } from './rounds'
import { cleaningUp } from './scratch'
import { type Bar, barsTable, number, table } from './tables'

const LINES = [1, 10, 100]
/** A cart over HTTP has sixty lines at most. */
const LINES_OVER_HTTP = [1, 10, 60]
const RULES = [1, 10, 50]
const COUPONS = 10

type Size = Omit<Turns, 'warm'>
const WHOLE: Size = { rounds: 3, ms: 1_200, warmUpMs: 500 }
const QUICK: Size = { rounds: 1, ms: 200, warmUpMs: 150 }

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

const sizeText = (lines: number, rules: number) => `${lines} lines, ${rules} rules`
const timesOf = ({ p50, p99, perSecond }: Run) => [number(p50, 3), number(p99, 3), number(perSecond, 0)]

/** One price with its receipt, in this process. */
function benchInProcess({ ms, warmUpMs }: Size): { text: string; bar: Bar } {
  const sizes = LINES.flatMap((lines) => RULES.map((rules) => ({ lines, rules })))
  for (const { lines, rules } of sizes) priceFor(warmUpMs, lines, rules)
  const runs = sizes.map(({ lines, rules }) => ({ lines, rules, run: priceFor(ms, lines, rules) }))
  const rows = runs.map(({ lines, rules, run }) => [sizeText(lines, rules), ...timesOf(run)])
  const fullest = runs[runs.length - 1]?.run.p50 ?? null
  return {
    text: table([`in process, ${COUPONS} coupons, points`, 'p50 ms', 'p99 ms', 'carts/s'], rows),
    bar: { name: '100 lines under 50 rules with receipt, ms', reached: fullest, bar: 1, wants: 'at most' },
  }
}

/** The same carts as a phone asks for them, beside the empty call. */
async function benchOverHttp(ground: Ground, size: Size): Promise<string> {
  const { house } = ground.test
  await putUpMenu(house, Math.max(...LINES_OVER_HTTP))
  await giveCoupons(house, ground.crowd, COUPONS)
  const server = await startServer(ground)
  const client = startHttpClient(ground.crowd)
  const asking = (name: string, task: Pick<Task, 'call' | 'lines'>): Contestant => ({
    name,
    run: (ms) => client.ask({ url: server.url, ms, connections: CLIENTS, ...task }),
  })
  const rows: string[][] = []
  try {
    for (const rules of RULES) {
      await putUpRules(house, rules)
      const carts = LINES_OVER_HTTP.map((lines) => {
        const wish = fullCart(lines, 0, 0).lines.map(({ sku, qty }) => ({ sku: sku as string, qty }))
        return asking(sizeText(lines, rules), { call: 'preview', lines: wish })
      })
      const results = await takeTurns([asking('ping', { call: 'ping' }), ...carts], { ...size, warm: ground.analyze })
      const ping = results.get('ping')
      for (const { name } of carts) {
        const result = results.get(name)
        if (result && ping) rows.push([name, ...timesOf(result), number(ratioOf(result, ping), 2)])
      }
    }
  } finally {
    await Promise.all([server.stop(), client.stop()])
  }
  return table([`http: order.preview, ${CLIENTS} at once`, 'p50 ms', 'p99 ms', 'carts/s', 'of empty call'], rows)
}

/** Carts of 1, 10 and 100 lines under 1, 10 and 50 rules, beside ten coupons and points: in process, and over HTTP. */
export async function benchPricing([how]: string[]): Promise<void> {
  const size = how === 'quick' ? QUICK : WHOLE
  const { text, bar } = await step('in process', async () => benchInProcess(size))
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  const ground = await step('PostgreSQL with 4,050 members', prepareGround)
  await cleaningUp(async () => {
    const overHttp = await step('over HTTP', () => benchOverHttp(ground, size))
    console.log(`\n${text}\n\n${overHttp}\n\n${barsTable([bar])}`)
  }, ground.close)
}
