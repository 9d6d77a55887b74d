import { openDemoDatabase, resetDemoDatabase } from './demo-database'
import { Processes } from './processes'

/** Drops the demo's database; the next start seeds it anew. A running demo is ended first. */
async function main(): Promise<void> {
  const processes = new Processes()
  await processes.claim()
  const database = await openDemoDatabase()
  try {
    await resetDemoDatabase(database.url)
  } finally {
    await database.stop()
    await processes.stop()
  }
  console.log('The demo is empty. "pnpm start" fills it again.')
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
