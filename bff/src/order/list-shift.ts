import { maskName } from '@huiyuan/shared/member'
import { endOfBusinessDay, startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'
import { boughtLines } from './bought-lines'
import { orderRefOf } from './order-ref'

const PAGE = 30

interface ShiftTotals {
  count: number
  amountFen: number
  points: number
  members: number
}

/**
 * Today's orders of the own store, the newest first, with the day's totals, in which what came back no longer counts. Names
 * are masked, the staff's too.
 */
export async function listShift(ctx: Ctx, { storeId }: AtWork, { cursor }: { cursor?: string | undefined } = {}) {
  const today = { from: startOfBusinessDay(ctx.now()), to: endOfBusinessDay(ctx.now()) }
  const [rows, totals] = await Promise.all([
    ctx.db.order.findMany({
      where: { storeId, settledAt: { gte: today.from, lte: today.to }, ...(cursor ? beyond(cursor) : {}) },
      orderBy: [{ settledAt: 'desc' }, { orderId: 'desc' }],
      take: PAGE + 1,
      select: {
        orderId: true,
        orderNo: true,
        settledAt: true,
        fullFen: true,
        amountFen: true,
        refundedFen: true,
        points: true,
        pointsUsed: true,
        state: true,
        tillId: true,
        memberId: true,
        staffId: true,
      },
    }),
    ctx.sql<ShiftTotals>('order_shift_totals', { storeId, ...today }),
  ])
  const page = rows.slice(0, PAGE)
  const [names, linesOf] = await Promise.all([
    maskedNames(
      ctx,
      page.flatMap(({ memberId, staffId }) => [memberId, staffId]),
    ),
    boughtLines(ctx, page),
  ])
  const keys = await keyLabels(
    ctx,
    page.flatMap(({ staffId }) => (names.has(staffId) ? [] : [staffId])),
  )
  return {
    orders: page.map(({ memberId, staffId, settledAt, ...order }) => ({
      ...order,
      orderRef: orderRefOf(ctx.keys, { memberId, orderId: order.orderId, visitId: null }),
      settledAt: settledAt.toISOString(),
      lines: linesOf(order.orderId),
      nameMasked: names.get(memberId) ?? displayNameOf(ctx, null),
      staffName: names.get(staffId) ?? keys.get(staffId) ?? displayNameOf(ctx, null),
    })),
    totals,
    nextCursor: rows.length > PAGE ? cursorOf(page.at(-1)) : null,
  }
}

/** What the managers call the till systems that rang up; most pages have none. */
async function keyLabels(ctx: Ctx, staffIds: string[]): Promise<Map<string, string>> {
  if (staffIds.length === 0) return new Map()
  const where = { keyId: { in: [...new Set(staffIds)] } }
  const keys = await ctx.db.tillKey.findMany({ where, select: { keyId: true, label: true } })
  return new Map(keys.map(({ keyId, label }) => [keyId, label]))
}

async function maskedNames(ctx: Ctx, memberIds: string[]): Promise<Map<string, string>> {
  const members = await ctx.db.member.findMany({
    where: { memberId: { in: [...new Set(memberIds)] }, nameSealed: { not: null } },
    select: { memberId: true, nameSealed: true },
  })
  return new Map(members.map(({ memberId, nameSealed }) => [memberId, maskName(displayNameOf(ctx, nameSealed))]))
}

const cursorOf = (last: { settledAt: Date; orderId: string } | undefined): string | null =>
  last ? `${last.settledAt.getTime()}.${last.orderId}` : null

/** What lies beyond the last order seen. @throws BAD_INPUT for a cursor that this list never gave */
function beyond(cursor: string) {
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(cursor)
  if (!match?.[1] || !match[2]) return refuse('BAD_INPUT', { fields: [{ path: 'cursor', problem: 'malformed' }] })
  const settledAt = new Date(Number(match[1]))
  return { OR: [{ settledAt: { lt: settledAt } }, { settledAt, orderId: { lt: match[2] } }] }
}
