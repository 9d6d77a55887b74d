import { generateClient } from '@huiyuan/prisma/database/generate'
import { runSequences, seedOf } from '../../bff/src/ledger/ledger-property-run.fixture'
import { proveLedger } from '../../bff/src/ledger/prove-ledger'
import { createTestDatabase } from '../support/database'
import { step } from '../support/progress'
import { startTestServer } from '../support/test-server'
import { sayEvery } from './say'

const SEQUENCES = 10_000

/** Random sequences, each proven when it is over, and the whole ledger at the end. → the closing line */
export async function longSequences(count = SEQUENCES): Promise<string> {
  await step('Prisma client', generateClient, { quickMs: 200 })
  const server = await step('PostgreSQL for tests', startTestServer)
  try {
    Object.assign(process.env, { TEST_SERVER_URL: server.url, TEST_TEMPLATE: server.template, JEST_WORKER_ID: 'long' })
    const { url } = await createTestDatabase()
    const { seed, path } = seedOf(process.env)
    console.log(`${path ? 'One sequence' : `${count.toLocaleString('en')} random sequences`}, seed ${seed}`)
    const startedAt = performance.now()
    const say = sayEvery(5_000)
    let over = 0
    const onSequence = () => {
      over++
      say(() => `${over.toLocaleString('en')} sequences hold`)
    }
    const { sequences, ends } = await runSequences(url, { count, seed, path, onSequence })
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    for (const [end, times] of Object.entries(ends).sort())
      console.log(`  ${times.toLocaleString('en').padStart(9)}  ${end}`)
    const { transfers, difference } = await step('the whole ledger, replayed from zero', () => proveLedger(url))
    if (difference) throw new Error(`seed ${seed}: ${difference.memberId ?? ''} ${difference.words}`)
    const figures = `${sequences.toLocaleString('en')} sequences, ${transfers.toLocaleString('en')} transfers`
    return `${figures}, seed ${seed}, ${seconds} s: all hold`
  } finally {
    await server.close()
  }
}
