import { setTimeout as pause } from 'node:timers/promises'
import { DAY_MS } from '@huiyuan/shared/time'
import { type Ctx, ctxOf, type House } from './ctx'
import { settleDueLots } from './ledger'
import { cancelOverdueRedemptions, forgetPickupCodes, makeRedemptionsReady } from './mall'
import { forgetNotices } from './notify'
import { releaseDueHolds } from './order'
import { sendDueMessages } from './outbox'
import { releaseDueReferrals } from './referral'
import { forgetSmsCodes } from './sms'

const REQUEST_DAYS = 30
const MESSAGES = 20
const MEMBERS = 200
const HOLDS = 200
const MAX_SLOWDOWN = 32

interface Job {
  name: string
  everySeconds: number
  /** One batch; true when there is more to do at once. */
  run: (ctx: Ctx) => Promise<boolean>
}

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

const JOBS: Job[] = [
  {
    name: 'send messages',
    everySeconds: 2,
    run: async (ctx) => (await sendDueMessages(ctx, { limit: MESSAGES })).taken === MESSAGES,
  },
  {
    name: 'settle lots',
    everySeconds: 60,
    run: async (ctx) => {
      const { members, failed } = await settleDueLots(ctx, { batch: MEMBERS })
      return members === MEMBERS && failed === 0
    },
  },
  {
    name: 'make redemptions ready',
    everySeconds: 30,
    run: async (ctx) => (await makeRedemptionsReady(ctx, { batch: MEMBERS })).ready === MEMBERS,
  },
  {
    name: 'cancel overdue redemptions',
    everySeconds: 300,
    run: async (ctx) => {
      const { found, failed } = await cancelOverdueRedemptions(ctx, { batch: MEMBERS })
      return found === MEMBERS && failed === 0
    },
  },
  {
    name: 'release holds',
    everySeconds: 30,
    run: async (ctx) => {
      const { members, failed } = await releaseDueHolds(ctx, { batch: HOLDS })
      return members > 0 && failed === 0
    },
  },
  {
    name: 'release referrals',
    everySeconds: 60,
    run: async (ctx) => {
      const { due, released } = await releaseDueReferrals(ctx, { batch: MEMBERS })
      return due === MEMBERS && released > 0
    },
  },
  {
    name: 'prune',
    everySeconds: 3_600,
    run: async (ctx) => {
      await pruneExpired(ctx)
      await forgetPickupCodes(ctx)
      return false
    },
  },
]

/**
 * Runs the jobs of this process until it is stopped. Each is safe beside the same one of another process. A job never
 * overlaps itself; one that fails is logged and tried again, ever more slowly.
 * @returns stop, which lets the batches under way finish
 */
export function startJobs(house: House, jobs = JOBS): () => Promise<void> {
  const stopping = new AbortController()
  const loops = jobs.map((job) => loop(house, job, stopping.signal))
  return async () => {
    stopping.abort()
    await Promise.all(loops)
  }
}

async function loop(house: House, job: Job, stopped: AbortSignal): Promise<void> {
  let failures = 0
  let more = false
  while (!stopped.aborted) {
    if (!more) await waitFor(job.everySeconds * Math.min(2 ** failures, MAX_SLOWDOWN), stopped)
    if (stopped.aborted) return
    try {
      more = await job.run(ctxOf(house))
      failures = 0
    } catch (error) {
      more = false
      failures++
      house.log.error({ job: job.name, failures, err: error }, 'a job failed')
    }
  }
}

/** Half to one and a half times as long, so that processes started together drift apart. */
async function waitFor(seconds: number, stopped: AbortSignal): Promise<void> {
  const ms = seconds * 1000 * (0.5 + Math.random())
  await pause(ms, undefined, { signal: stopped }).catch(() => {})
}
