import { generateClient } from '@huiyuan/prisma/database/generate'
import type { Victim } from '../faults/kill-ground.fixture'
import { killRounds } from '../faults/kill-rounds.fixture'
import { ensureBuilt } from '../support/builds'
import { step } from '../support/progress'

const ROUNDS = 20
/** Whom the rounds kill, in turn. */
const VICTIMS: Victim[] = ['server', 'database', 'server', 'database', 'both']
const WORDS = { server: 'the server', database: 'PostgreSQL', both: 'both' }

/** Kills under load, one after the other. → the closing line */
export async function longKills(rounds = ROUNDS): Promise<string> {
  await step('Prisma client', generateClient, { quickMs: 200 })
  await step('build bff', () => ensureBuilt('bff'), { quickMs: 200 })
  console.log(`${rounds} times kill -9 in the middle of a load`)
  const startedAt = performance.now()
  const victims = Array.from({ length: rounds }, (_, n) => VICTIMS[n % VICTIMS.length] as Victim)
  const report = await killRounds(victims, (round, victim, heard) =>
    console.log(
      `  ✓ ${String(round).padStart(2)} ${WORDS[victim]} killed and back; ${heard} answers stand in the books`,
    ),
  )
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const { heard, unanswered, doneUnheard, transfers } = report
  return `${rounds} kills, ${heard} answers compared, ${unanswered} commands without one (${doneUnheard} of them done), ${transfers} transfers proven, ${seconds} s: all hold`
}
