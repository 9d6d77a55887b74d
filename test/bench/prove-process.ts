import { proveLedger } from '../../bff/src/ledger/prove-ledger'

/** What the proof tells while it runs, and at the end. */
export type Told =
  | { transfers: number }
  | { proof: { transfers: number; members: number; difference: string | null; seconds: number; peakMb: number } }

const tell = (told: Told) => process.send?.(told)

/** Proves the books of DATABASE_URL in a process of its own, so that its memory is its own, too. */
async function main(): Promise<void> {
  const startedAt = performance.now()
  let toldAt = startedAt
  const { transfers, members, difference } = await proveLedger(process.env.DATABASE_URL as string, (proof) => {
    if (performance.now() - toldAt < 500) return
    toldAt = performance.now()
    tell({ transfers: proof.transfers })
  })
  const seconds = (performance.now() - startedAt) / 1000
  const peakMb = process.resourceUsage().maxRSS / 1024
  const words = difference && `${difference.memberId ?? 'all'}: ${difference.words}`
  tell({ proof: { transfers, members, difference: words, seconds, peakMb } })
  process.disconnect()
}

main().catch((error: unknown) => {
  console.error((error as Error).message)
  process.exit(1)
})
