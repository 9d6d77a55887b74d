import type { Ctx } from '../ctx'

interface ConversionRow {
  giftId: string
  title: string
  /** Whether it is given now. */
  running: boolean
  /** How many there are in all; null without limit. */
  stock: number | null
  given: number
  pickedUp: number
  followed: number
  converted: number
}

/** What became of each trial pack, the latest first; `percent` of those who were given one came back and bought. For operators. */
export async function listConversions(ctx: Ctx) {
  const packs = await ctx.sql<ConversionRow[]>('gift_conversions', { at: ctx.now() })
  return {
    packs: packs.map((pack) => ({
      ...pack,
      percent: pack.given === 0 ? null : Math.round((pack.converted / pack.given) * 1_000) / 10,
    })),
  }
}
