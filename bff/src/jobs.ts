import { DAY_MS } from '@huiyuan/shared/time'
import { countReadings } from './article'
import type { Ctx, House } from './ctx'
import { reviewHonours } from './honour'
import { type Job, startQueue } from './job-queue'
import { settleDueLots } from './ledger'
import { cancelOverdueRedemptions, forgetPickupCodes, makeRedemptionsReady } from './mall'
import { forgetNotices } from './notify'
import { releaseDueHolds } from './order'
import { sendDueMessages } from './outbox'
import { eraseDueMembers, purgeTradeRecords } from './privacy'
import { judgeHeldReferrals, releaseDueReferrals } from './referral'
import { forgetPrints } from './risk'
import { forgetSmsCodes } from './sms'
import { reviewDueStandings } from './tier'
import { forgetNonces } from './till'
import { SWEEP_SECONDS, sweepPictures, tendUploads } from './upload'
import { forgetDeliveries, sendDueWebhooks } from './webhook'

const REQUEST_DAYS = 30

export interface Pruned {
  requests: number
  notices: number
  smsCodes: number
}

/**
 * Removes what no repetition needs any more: answers after 30 days, notices and codes that are over. What has had its
 * one effect is kept for ever.
 */
export async function pruneExpired(ctx: Ctx): Promise<Pruned> {
  const before = new Date(ctx.now().getTime() - REQUEST_DAYS * DAY_MS)
  const requests = await ctx.db.request.deleteMany({ where: { at: { lt: before } } })
  return { requests: requests.count, notices: await forgetNotices(ctx), smsCodes: await forgetSmsCodes(ctx) }
}

/** Each is safe to repeat, and on several workers at once. */
const JOBS: Job[] = [
  {
    name: 'send messages',
    everySeconds: 1,
    batch: 20,
    run: async (ctx, batch) => (await sendDueMessages(ctx, { limit: batch })).taken === batch,
  },
  {
    name: 'send webhooks',
    everySeconds: 2,
    batch: 20,
    run: async (ctx, batch) => (await sendDueWebhooks(ctx, { limit: batch })).taken === batch,
  },
  {
    name: 'settle lots',
    everySeconds: 60,
    batch: 200,
    run: async (ctx, batch) => {
      const { members, failed } = await settleDueLots(ctx, { batch })
      return members === batch && failed === 0
    },
  },
  {
    name: 'make redemptions ready',
    everySeconds: 30,
    batch: 200,
    run: async (ctx, batch) => (await makeRedemptionsReady(ctx, { batch })).ready === batch,
  },
  {
    name: 'cancel overdue redemptions',
    everySeconds: 300,
    batch: 200,
    run: async (ctx, batch) => {
      const { found, failed } = await cancelOverdueRedemptions(ctx, { batch })
      return found === batch && failed === 0
    },
  },
  {
    name: 'release holds',
    everySeconds: 30,
    batch: 200,
    run: async (ctx, batch) => {
      const { members, failed } = await releaseDueHolds(ctx, { batch })
      return members > 0 && failed === 0
    },
  },
  {
    name: 'judge referrals',
    everySeconds: 30,
    batch: 100,
    run: async (ctx, batch) => {
      const { due, failed } = await judgeHeldReferrals(ctx, { batch })
      return due === batch && failed === 0
    },
  },
  {
    name: 'release referrals',
    everySeconds: 60,
    batch: 200,
    run: async (ctx, batch) => {
      const { due, released } = await releaseDueReferrals(ctx, { batch })
      return due === batch && released > 0
    },
  },
  {
    name: 'count readings',
    everySeconds: 60,
    batch: 100,
    run: async (ctx, batch) => {
      const { due, failed } = await countReadings(ctx, { batch })
      return due === batch && failed === 0
    },
  },
  {
    name: 'review standings',
    everySeconds: 300,
    batch: 200,
    run: async (ctx, batch) => {
      const { members, failed } = await reviewDueStandings(ctx, { batch })
      return members === batch && failed === 0
    },
  },
  {
    name: 'review honours',
    everySeconds: 300,
    batch: 200,
    run: async (ctx, batch) => {
      const { found, failed } = await reviewHonours(ctx, { batch })
      return found === batch && failed === 0
    },
  },
  {
    name: 'erase members',
    everySeconds: 300,
    batch: 50,
    run: async (ctx, batch) => {
      const { found, failed } = await eraseDueMembers(ctx, { batch })
      return found === batch && failed === 0
    },
  },
  {
    name: 'purge trade records',
    everySeconds: 3_600,
    batch: 50,
    run: async (ctx, batch) => {
      const { found, failed } = await purgeTradeRecords(ctx, { batch })
      return found === batch && failed === 0
    },
  },
  {
    name: 'tend uploads',
    everySeconds: 30,
    batch: 50,
    run: async (ctx, batch) => {
      const { found, failed } = await tendUploads(ctx, { batch })
      return found === batch && failed === 0
    },
  },
  {
    name: 'sweep pictures',
    everySeconds: SWEEP_SECONDS,
    batch: 1,
    run: async (ctx) => {
      await sweepPictures(ctx)
      return false
    },
  },
  {
    name: 'prune',
    everySeconds: 3_600,
    batch: 1,
    run: async (ctx) => {
      await pruneExpired(ctx)
      await forgetPickupCodes(ctx)
      await forgetPrints(ctx)
      await forgetNonces(ctx.house)
      await forgetDeliveries(ctx)
      return false
    },
  },
]

/** Runs the jobs of the house until it is stopped, see {@link startQueue}. */
export const startJobs = (house: House, databaseUrl: string): ReturnType<typeof startQueue> =>
  startQueue(house, databaseUrl, JOBS)
