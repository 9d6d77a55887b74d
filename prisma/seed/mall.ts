import type { RewardKind } from '@huiyuan/shared/mall'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Ctx, inTx } from '../../bff/src/ctx'
import { DEMO_REWARDS } from './rewards'

/** Stock is spread over so many slots, so that as many may take from one reward at once. */
export const STOCK_SLOTS = 16

/** What a brand says of a reward. Days count from the day of seeding. */
export interface RewardWish {
  rewardId: string
  title: string
  subtitle: string
  keywords?: string
  art: string
  kind: RewardKind
  points: number
  rules: string
  marketFen?: number
  tierGate?: number
  perPersonLimit?: number
  stockTotal?: number
  numbered?: boolean
  publicInDays?: number
  earlyHours?: number
  endsInDays?: number
  prepareHours?: number
  pickupDays?: number
  couponTemplateId?: string
  /** What a partner gave us, one for each exchange; sealed before they are written. */
  codes?: readonly string[]
  listed?: boolean
}

/** Puts the shelf of the demo brand up; putting it up again changes nothing. */
export const seedMall = (ctx: Ctx): Promise<void> => seedRewards(ctx, DEMO_REWARDS)

/** Writes rewards with their stock, spread over slots or as numbered pieces; writing them again changes nothing. */
export async function seedRewards(ctx: Ctx, wishes: readonly RewardWish[], slots = STOCK_SLOTS): Promise<void> {
  const now = ctx.now().getTime()
  await ctx.db.reward.createMany({
    data: wishes.map(({ publicInDays = -7, endsInDays, codes: _codes, ...reward }, position) => ({
      ...reward,
      position,
      publicAt: new Date(now + publicInDays * DAY_MS),
      endsAt: endsInDays === undefined ? null : new Date(now + endsInDays * DAY_MS),
    })),
    skipDuplicates: true,
  })
  const limited = wishes.flatMap(({ rewardId, stockTotal, numbered }) =>
    stockTotal === undefined ? [] : [{ rewardId, stockTotal, numbered }],
  )
  await ctx.db.rewardPiece.createMany({
    data: limited.flatMap(({ rewardId, stockTotal, numbered }) =>
      numbered ? Array.from({ length: stockTotal }, (_, n) => ({ rewardId, pieceNo: n + 1 })) : [],
    ),
    skipDuplicates: true,
  })
  await ctx.db.rewardStock.createMany({
    data: limited.flatMap(({ rewardId, stockTotal, numbered }) =>
      numbered
        ? []
        : Array.from({ length: slots }, (_, slot) => ({
            rewardId,
            slot,
            remaining: Math.floor(stockTotal / slots) + (slot < stockTotal % slots ? 1 : 0),
          })),
    ),
    skipDuplicates: true,
  })
  for (const { rewardId, codes } of wishes) if (codes) await loadCodes(ctx, rewardId, codes)
}

/**
 * Adds codes that a partner gave us, sealed. The same code is never there twice, so the same list may be loaded again.
 * → how many were new. @throws BUSY while keys rotate
 */
export const loadCodes = (ctx: Ctx, rewardId: string, codes: readonly string[]): Promise<number> =>
  inTx(ctx, async ({ db, keys }) => {
    // while keys rotate, a code may lie here under another hash
    await db.$queryRaw`SELECT 1 FROM key_settled()`
    // one loader of a reward at a time: the numbers go on where the last one ended
    await db.$queryRaw`SELECT 1 FROM reward WHERE reward_id = ${rewardId} FOR UPDATE`
    const { _max } = await db.rewardCode.aggregate({ where: { rewardId }, _max: { codeNo: true } })
    const first = (_max.codeNo ?? 0) + 1
    const rows = codes.map((code, n) => ({
      rewardId,
      codeNo: first + n,
      sealed: keys.seal(code),
      codeHash: keys.hash('body', code),
    }))
    return (await db.rewardCode.createMany({ data: rows, skipDuplicates: true })).count
  })
