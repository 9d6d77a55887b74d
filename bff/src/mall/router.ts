import { z } from 'zod'
import { memberProcedure, openProcedure, requestId, router, staffProcedure } from '../trpc'
import { cancelRedemption } from './cancel-redemption'
import { exchangeReward } from './exchange-reward'
import { favourReward } from './favour-reward'
import { handOverRedemption } from './hand-over-redemption'
import { listRedemptions } from './list-redemptions'
import { listRewards, showWindow } from './list-rewards'
import { listWaiting } from './list-waiting'
import { searchRewards } from './search-rewards'
import { showRedemption } from './show-redemption'
import { showReward, showRewardInWindow } from './show-reward'

const rewardId = z.string().min(1).max(32)
const one = z.object({ rewardId })
const search = z.object({ text: z.string().trim().min(1).max(20) })
const inVisit = { visitId: z.uuid(), memberRef: z.string().min(1).max(400) }

export const mallRouter = router({
  window: openProcedure.query(({ ctx }) => showWindow(ctx.verb)),
  list: memberProcedure.query(({ ctx }) => listRewards(ctx.verb)),
  search: memberProcedure.input(search).query(({ ctx, input }) => searchRewards(ctx.verb, input)),
  searchWindow: openProcedure.input(search).query(({ ctx, input }) => searchRewards(ctx.verb, input)),
  reward: memberProcedure.input(one).query(({ ctx, input }) => showReward(ctx.verb, input)),
  rewardWindow: openProcedure.input(one).query(({ ctx, input }) => showRewardInWindow(ctx.verb, input)),
  favour: memberProcedure
    .input(z.object({ requestId, rewardId, on: z.boolean() }))
    .mutation(({ ctx, input }) => favourReward(ctx.verb, input)),
  exchange: memberProcedure
    .input(z.object({ requestId, rewardId, points: z.number().int().min(0).max(10_000_000) }))
    .mutation(({ ctx, input }) => exchangeReward(ctx.verb, input)),
  redemptions: memberProcedure
    .input(z.object({ cursor: z.uuid().optional() }))
    .query(({ ctx, input }) => listRedemptions(ctx.verb, input)),
  redemption: memberProcedure
    .input(z.object({ redemptionId: z.uuid() }))
    .query(({ ctx, input }) => showRedemption(ctx.verb, input)),
  cancel: memberProcedure
    .input(z.object({ requestId, redemptionId: z.uuid() }))
    .mutation(({ ctx, input }) => cancelRedemption(ctx.verb, input)),
  waiting: staffProcedure('clerk')
    .input(z.object(inVisit))
    .query(({ ctx, input }) => listWaiting(ctx.verb, ctx.staff, input)),
  handOver: staffProcedure('clerk')
    .input(z.object({ requestId, ...inVisit, pickupCode: z.string().regex(/^\d{8}$/) }))
    .mutation(({ ctx, input }) => handOverRedemption(ctx.verb, ctx.staff, input)),
})
