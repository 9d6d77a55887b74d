import { DAY_MS, startOfBusinessDay } from '@huiyuan/shared/time'
import { v5 as uuidv5 } from 'uuid'
import type { Ctx } from '../../bff/src/ctx'
import { commandOf } from '../../bff/src/ctx'
import { settleOrder } from '../../bff/src/order'
import { reviewStanding } from '../../bff/src/tier'
import { memberRefOf } from '../../bff/src/visit'
import { at } from './people'
import type { Chance } from './random'

const SEED_SPACE = '0f6b1c52-6f0b-4a55-9d5e-7f4c7b1d2a10'
const seedId = (name: string) => uuidv5(name, SEED_SPACE)

/** One purchase of the past. */
export interface PastPurchase {
  memberId: string
  storeId: string
  at: Date
  amountFen: number
}

/** How often somebody comes: days between visits, at least and at most. */
export const HABITS = [
  { days: [4, 12], weight: 1 },
  { days: [10, 30], weight: 3 },
  { days: [25, 80], weight: 4 },
  { days: [60, 200], weight: 2 },
] as const

/** Most buy for themselves, a few for an office: how many times as much. */
const CROWDS = [...Array(40).fill(1), ...Array(6).fill(4), 10, 10, 30] as number[]

/** When and for how much one member bought, from joining to `until`. */
export function purchasesOf(
  chance: Chance,
  member: { memberId: string; storeId: string; joinedAt: Date },
  until: Date,
): PastPurchase[] {
  const weights: (typeof HABITS)[number][] = HABITS.flatMap((habit) => Array(habit.weight).fill(habit))
  const [least, most] = chance.pick(weights).days
  const crowd = chance.pick(CROWDS)
  const purchases: PastPurchase[] = []
  for (let day = member.joinedAt.getTime() + DAY_MS; ; day += chance.between(least, most) * DAY_MS) {
    const minutes = chance.between(9 * 60 + 5, 21 * 60 + 50)
    const when = new Date(startOfBusinessDay(new Date(day)).getTime() + minutes * 60_000 + chance.between(0, 59_999))
    if (when >= until) return purchases
    const cups = chance.pick([1, 1, 1, 2, 2, 3, 4]) * crowd
    purchases.push({ ...member, at: when, amountFen: cups * chance.pick([1_500, 1_800, 1_900, 2_200, 2_600, 3_200]) })
  }
}

/** Rings up one purchase of the past through the same verb that the counter uses, at the time it happened. */
export async function replayPurchase(ctx: Ctx, purchase: PastPurchase, staffId: string): Promise<void> {
  const name = `${purchase.memberId}/${purchase.at.getTime()}`
  const then = {
    ...at(ctx, purchase.at),
    actor: { kind: 'member' as const, memberId: staffId, sessionId: '' },
  }
  const visitId = seedId(`visit/${name}`)
  const input = { requestId: seedId(`find/${name}`), memberId: purchase.memberId }
  await then.sql('visit_find', {
    request: commandOf(then, 'visit.find', input),
    staffId,
    tillId: `${purchase.storeId}-1`,
    memberId: purchase.memberId,
    method: 'member_no',
    at: purchase.at,
    expiresAt: new Date(purchase.at.getTime() + ctx.policy.visitMinutes * 60_000),
    visitId,
  })
  await settleOrder(
    then,
    { memberId: staffId, storeId: purchase.storeId },
    {
      requestId: seedId(`settle/${name}`),
      visitId,
      memberRef: memberRefOf(ctx.keys, visitId, purchase.memberId),
      amountFen: purchase.amountFen,
    },
  )
}

/** Brings a member's lots, growth and tier to `now`: what time alone has changed since, each review on its own day. */
export async function settleMember(ctx: Ctx, memberId: string, now: Date): Promise<void> {
  await ctx.sql('ledger_settle_lots', { memberId, at: now })
  for (;;) {
    const { reviewAt } = await ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { reviewAt: true } })
    if (reviewAt > now) return
    await reviewStanding(ctx, memberId, reviewAt)
  }
}
