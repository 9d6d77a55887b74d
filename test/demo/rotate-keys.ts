import { databaseName } from '@huiyuan/prisma/database/databases'
import { KeyRingProblem } from '../../bff/src/key'
import { type Place, RotationStopped, rotateKeys } from '../../bff/src/key/rotate-keys'
import { keysFrom } from '../../bff/src/keys'
import { openBooks } from './open-books'
import { demoSecrets } from './secrets'

const SAY_EVERY_MS = 2_000

const count = (amount: number) => amount.toLocaleString('en')

function sayNowAndThen(): (place: Place) => void {
  let saidAt = performance.now()
  return ({ place, done, total }) => {
    if (performance.now() - saidAt < SAY_EVERY_MS) return
    saidAt = performance.now()
    console.log(`  … ${count(done)} of ${count(total)} in ${place}`)
  }
}

/** Seals everything with the first key of MASTER_KEY, beside working servers; ends with 1 when an older one is still needed. */
async function main(): Promise<void> {
  const keys = keysFrom(process.env.MASTER_KEY ?? demoSecrets().masterKey)
  const { url, leave } = await openBooks()
  try {
    console.log(
      `Sealing everything in ${databaseName(url)} with key ${keys.current}; run it again when it is broken off`,
    )
    const startedAt = performance.now()
    const { moved, checked, places } = await rotateKeys(url, keys, sayNowAndThen())
    const seconds = (performance.now() - startedAt) / 1000
    for (const { place, done } of places) console.log(`  ${place.padEnd(31)} ${count(done).padStart(9)} sealed anew`)
    console.log(`  seconds ${seconds.toFixed(1)}, ${count(Math.round(moved / Math.max(seconds, 0.001)))} rows/s`)
    console.log(`\nAll ${count(checked)} seals open with key ${keys.current}, and every phone is found by it.`)
    const others = keys.numbers.slice(1)
    if (others.length > 0)
      console.log(
        `Nothing is sealed with key ${others.join(', ')} any more, and never will be: MASTER_KEY can do without.`,
      )
  } finally {
    await leave()
  }
}

main().catch((error: unknown) => {
  const ours = error instanceof KeyRingProblem || error instanceof RotationStopped
  console.error(ours ? `Stopped: ${error.message}.` : (error as Error).message)
  process.exitCode = 1
})
