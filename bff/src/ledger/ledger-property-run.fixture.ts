import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { Sequence } from './ledger-property.fixture'
import type { Done } from './ledger-property-acts.fixture'
import { type Lane, openLanes } from './ledger-property-lane.fixture'
import { type Step, sequences } from './ledger-property-wishes.fixture'

const SHRINK_MS = 40_000

export interface Ran {
  sequences: number
  /** How often each act came to each end: `spend answer`, `spend IN_DEBT`. */
  ends: Record<string, number>
}

export interface RunWish {
  count: number
  /** Where the dice start; the same seed makes the same wishes. */
  seed: number
  /** fast-check's path to one sequence of the lane of this seed, as a failure prints it. */
  path?: string | undefined
  lanes?: number
  onSequence?: () => void
}

/** SEED and SEQUENCE of the environment, as a failure prints them, or new dice. */
export const seedOf = ({ SEED, SEQUENCE }: NodeJS.ProcessEnv) => ({
  seed: SEED ? Number(SEED) : randomInt(1, 2 ** 30),
  path: SEQUENCE,
})

/**
 * Random sequences on one database, several side by side; each is proven when it is over.
 * @throws Error with the seed, the shortest failing sequence and everything it did
 */
export async function runSequences(url: string, { count, seed, path, lanes = 6, onSequence }: RunWish): Promise<Ran> {
  const ran: Ran = { sequences: 0, ends: {} }
  const opened = await openLanes(url, path ? 1 : lanes)
  let failing: Lane | null = null
  let failedAt = 0
  const lane = (own: Lane, n: number) =>
    fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        // the one that fails looks for its shortest case alone, and not for ever
        if (failing && (failing !== own || performance.now() > failedAt + SHRINK_MS)) return
        const done = await new Sequence(own).run(steps).catch((error: unknown) => {
          if (!failing) [failing, failedAt] = [own, performance.now()]
          throw error
        })
        countEnds(ran, done)
        onSequence?.()
      }),
      {
        seed: seed + n,
        numRuns: path ? 1 : Math.ceil((count - n) / opened.lanes.length),
        ...(path ? { path } : {}),
        reporter: report,
      },
    )
  try {
    const ends = await Promise.allSettled(opened.lanes.map(lane))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  } finally {
    await opened.close()
  }
  return ran
}

function countEnds(ran: Ran, done: Done[]): void {
  ran.sequences++
  const count = (end: string) => {
    ran.ends[end] = (ran.ends[end] ?? 0) + 1
  }
  for (const { act, outcome } of done) {
    if ('refused' in outcome) count(`${act.do} ${outcome.refused}`)
    else if (outcome.answer === null) count(`${act.do} again`)
    else count(`${act.do} answer`)
    const figures = 'answer' in outcome ? ((outcome.answer ?? {}) as Record<string, unknown>) : {}
    for (const what of ['grace', 'expired', 'matured', 'debt'])
      if (Number(figures[what]) > 0) count(`${act.do} ${what}`)
  }
}

function report({ failed, seed, counterexamplePath, counterexample, errorInstance }: fc.RunDetails<[Step[]]>): void {
  if (!failed) return
  throw new Error(
    `run it again with SEED=${seed} SEQUENCE=${counterexamplePath}\n${JSON.stringify(counterexample)}\n${(errorInstance as Error)?.message}`,
    { cause: errorInstance },
  )
}
