import { databaseName, runOnce } from '@huiyuan/prisma/database/databases'
import { type Proof, proveLedger } from '../../bff/src/ledger/prove-ledger'
import { openBooks } from './open-books'

const SAY_EVERY_MS = 2_000

const count = (amount: number) => amount.toLocaleString('en')

/** About how many transfers there are, as the database last counted them; 0 when it never did. */
async function estimate(url: string): Promise<number> {
  const { rows } = await runOnce(
    url,
    "SELECT greatest(reltuples, 0) AS about FROM pg_class WHERE oid = to_regclass('transfer')",
  )
  if (!rows[0])
    throw new Error(`there are no books in ${databaseName(url)}; "pnpm start" or "pnpm db:deploy" makes them`)
  return Number(rows[0].about)
}

function sayNowAndThen(about: number): (proof: Proof) => void {
  let saidAt = performance.now()
  const total = about > 0 ? ` of about ${count(about)}` : ''
  return ({ transfers, members }) => {
    if (performance.now() - saidAt < SAY_EVERY_MS) return
    saidAt = performance.now()
    console.log(`  … ${count(transfers)}${total} transfers, ${count(members)} members`)
  }
}

function sayFigures({ members, lots, transfers, totals }: Proof, seconds: number): void {
  const rate = Math.round(transfers / Math.max(seconds, 0.001))
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(`  members     ${count(members)}
  lots        ${count(lots)}
  transfers   ${count(transfers)}
  seconds     ${seconds.toFixed(1)}, ${count(rate)} transfers/s
  peak memory ${peakMb} MB`)
  for (const [unit, accounts] of totals) {
    const sums = [...accounts].map(([account, sum]) => `${account.replace('programme:', '')} ${count(sum)}`)
    console.log(`  ${unit.padEnd(11)} ${sums.join(', ')}`)
  }
}

/** Proves the ledger of a live database from its transfers alone; ends with 1 when somebody's books are wrong. */
async function main(): Promise<void> {
  const { url, leave } = await openBooks()
  try {
    const about = await estimate(url)
    console.log(`Replaying every transfer of ${databaseName(url)} from zero, in one snapshot`)
    const startedAt = performance.now()
    const proof = await proveLedger(url, sayNowAndThen(about))
    sayFigures(proof, (performance.now() - startedAt) / 1000)
    if (!proof.difference)
      return console.log('\nThe books hold: accounts and lots are what the transfers say, all accounts sum to zero.')
    const { memberId, words } = proof.difference
    const others = proof.differing > 1 ? `; ${count(proof.differing)} members differ` : ''
    console.error(`\nThe books do not hold. ${memberId ? `First member ${memberId}: ` : ''}${words}${others}`)
    process.exitCode = 1
  } finally {
    await leave()
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exitCode = 1
})
