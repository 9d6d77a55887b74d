import type { AdjustmentReason } from '@huiyuan/shared/adjustment'
import { DAY_MS, startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../../bff/src/ctx'
import { adjustPoints } from '../../bff/src/ledger/adjust-points'
import { at, memberOfPhone } from './people'

interface SeedAdjustment {
  /** Sent again by a second run, it has its one effect. */
  requestId: string
  daysAgo: number
  points: number
  reason: AdjustmentReason
  note: string
}

const MEI = '+8613800003318'
const TANG = '+8613800006641'

/** One that was small enough to be done at once, and one that waits for the other operator. */
const ADJUSTMENTS: SeedAdjustment[] = [
  {
    requestId: '019aa0d5-5c00-7000-8000-000000000001',
    daysAgo: 3,
    points: 50,
    reason: 'goodwill',
    note: '外卖洒了半盏，客人很体谅',
  },
  {
    requestId: '019aa0d5-5c00-7000-8000-000000000002',
    daysAgo: 1,
    points: 800,
    reason: 'outage',
    note: '周年活动当晚积分没有到账，收据已核对',
  },
]

/** What operator Tang has asked for on behalf of Mei. */
export async function seedAdjustments(ctx: Ctx, now: Date): Promise<void> {
  const [tang, mei] = await Promise.all([memberOfPhone(ctx, TANG), memberOfPhone(ctx, MEI)])
  const { memberNo } = await ctx.db.member.findUniqueOrThrow({ where: { memberId: mei }, select: { memberNo: true } })
  for (const { daysAgo, ...wish } of ADJUSTMENTS) {
    // in the afternoon of that day
    const then = new Date(startOfBusinessDay(now).getTime() - daysAgo * DAY_MS + 15 * 3_600_000)
    const actor = { kind: 'member' as const, memberId: tang, sessionId: '' }
    await adjustPoints({ ...at(ctx, then), actor }, { ...wish, memberNo })
  }
}
