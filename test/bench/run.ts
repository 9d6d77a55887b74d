import { generateClient } from '@huiyuan/prisma/database/generate'

/** The benches by name; without a name the first. Each is loaded alone: none pays for another's modules. */
const BENCHES = {
  speed: async () => (await import('./bench-speed')).benchSpeed,
  ledger: async () => (await import('./bench-ledger')).benchLedger,
  hot: async () => (await import('./bench-hot')).benchHot,
  scale: async () => (await import('./bench-scale')).benchScale,
  pricing: async () => (await import('./bench-pricing')).benchPricing,
  import: async () => (await import('./bench-import')).benchImport,
}

const USAGE = `pnpm bench                              the house: settle, exchange, home, sizes, memory (4 min)
pnpm bench ledger [quick]               spending and earning: in process, over HTTP, with long histories (5 min)
pnpm bench hot [quick]                  1,000 buyers for 100 pieces, technique by technique (5 min)
pnpm bench scale [members transfers]    large books against small ones, and their proof (12 min, 25 GB)
pnpm bench pricing [quick]              carts of 1, 10, 100 lines under 1, 10, 50 rules, in process and over HTTP (2 min)
pnpm bench import [lines]               members of another system: speed, memory, killed half-way, twice (12 min, 10 GB)`

async function main([name = 'speed', ...rest]: string[]): Promise<void> {
  if (!Object.hasOwn(BENCHES, name)) throw new Error(`there is no bench called ${name}\n\n${USAGE}`)
  // before anything is loaded that needs it
  await generateClient()
  const bench = await BENCHES[name as keyof typeof BENCHES]()
  await bench(rest)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
