/** What one contestant did during one round. Times in milliseconds. */
export interface Run {
  count: number
  perSecond: number
  p50: number
  p99: number
  /** Processor time an operation cost the process that serves it, and the database. */
  serverMicros?: number
  databaseMicros?: number
}

export interface Contestant {
  name: string
  /** Works for about `ms` milliseconds. @throws Error when an answer was not the expected one */
  run: (ms: number) => Promise<Run>
}

/** Medians over the rounds, and the rounds themselves for ratios. */
export interface Result extends Run {
  name: string
  rounds: Run[]
}

export const median = (numbers: number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The value that `share` of the sorted numbers do not exceed. */
const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

export function runOf(latencies: number[], elapsedMs: number): Run {
  const sorted = Float64Array.from(latencies).sort()
  const perSecond = (latencies.length / elapsedMs) * 1000
  return { count: latencies.length, perSecond, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

export interface Turns {
  rounds: number
  ms: number
  warmUpMs: number
  /** Called once between warming up and measuring. */
  warm: () => Promise<unknown>
}

/**
 * Lets the contestants take turns (A B C A B C …): whatever else the machine does meets all of them, and what they
 * leave behind in the database grows under all of them alike. The first turn of each is thrown away.
 */
export async function takeTurns(
  contestants: Contestant[],
  { rounds, ms, warmUpMs, warm }: Turns,
): Promise<Map<string, Result>> {
  for (const { run } of contestants) await run(warmUpMs)
  await warm()
  const runs = new Map<string, Run[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) runs.get(name)?.push(await run(ms))
  }
  return new Map([...runs].map(([name, of]) => [name, resultOf(name, of)]))
}

function resultOf(name: string, rounds: Run[]): Result {
  const middle = (figure: (run: Run) => number | undefined) => median(rounds.map((run) => figure(run) ?? Number.NaN))
  return {
    name,
    count: rounds.reduce((sum, { count }) => sum + count, 0),
    perSecond: middle(({ perSecond }) => perSecond),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    serverMicros: middle(({ serverMicros }) => serverMicros),
    databaseMicros: middle(({ databaseMicros }) => databaseMicros),
    rounds,
  }
}

/** How much of `ceiling` was reached: the median over pairs of neighbouring rounds. */
export const ratioOf = (result: Result, ceiling: Result): number =>
  median(result.rounds.map((run, round) => run.perSecond / (ceiling.rounds[round]?.perSecond ?? Number.NaN)))

/** Calls `work` from `lanes` sides at once until the time is over. */
export async function pump(lanes: number, ms: number, work: () => Promise<unknown>): Promise<Run> {
  const latencies: number[] = []
  const startedAt = performance.now()
  const lane = async () => {
    for (let from = startedAt; from - startedAt < ms; ) {
      await work()
      const now = performance.now()
      latencies.push(now - from)
      from = now
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return runOf(latencies, performance.now() - startedAt)
}
