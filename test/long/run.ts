import { generateClient } from '@huiyuan/prisma/database/generate'

/** The parts by name; each is loaded when the client that it needs is there. */
const PARTS = {
  sequences: async () => (await import('./sequences')).longSequences,
  kills: async () => (await import('./kills')).longKills,
}

const USAGE = `pnpm test:long                        both
pnpm test:long sequences [count]      random sequences of the ledger and the mall (10,000; a quarter of an hour)
pnpm test:long kills [count]          kill -9 of server and database under load (20; some minutes)
SEED=… [SEQUENCE=…] pnpm test:long sequences    the same dice again, or the one sequence that failed`

/** What takes too long for `pnpm test`. Ends with 1 and the seed when something does not hold. */
async function main([part, count]: string[]): Promise<void> {
  const named = Object.keys(PARTS).filter((name) => part === undefined || name === part)
  if (named.length === 0 || (count !== undefined && !/^[1-9]\d*$/.test(count))) throw new Error(USAGE)
  const results: string[] = []
  await generateClient()
  for (const name of named) {
    const run = await PARTS[name as keyof typeof PARTS]()
    results.push(await run(count ? Number(count) : undefined))
  }
  console.log(`\n${results.join('\n')}`)
}

main(process.argv.slice(2).filter((word) => word !== '--')).catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
