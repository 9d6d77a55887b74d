import type { Ctx } from '../ctx'

/** A line of an order as a clerk sees it who may take some of it back. */
export interface BoughtLine {
  lineNo: number
  title: string
  qty: number
  fullFen: number
  payableFen: number
  returnedQty: number
}

/** The lines of each of these orders by its id; none for an order that was an amount by itself. */
export async function boughtLines(
  { db }: Pick<Ctx, 'db'>,
  orders: readonly { memberId: string; orderId: string }[],
): Promise<(orderId: string) => BoughtLine[]> {
  const rows = await db.orderLine.findMany({
    where: {
      memberId: { in: [...new Set(orders.map(({ memberId }) => memberId))] },
      orderId: { in: orders.map(({ orderId }) => orderId) },
    },
    orderBy: { lineNo: 'asc' },
    select: { orderId: true, lineNo: true, title: true, qty: true, fullFen: true, payableFen: true, returnedQty: true },
  })
  const byOrder = new Map<string, BoughtLine[]>()
  for (const { orderId, ...line } of rows) {
    const lines = byOrder.get(orderId)
    if (lines) lines.push(line)
    else byOrder.set(orderId, [line])
  }
  return (orderId) => byOrder.get(orderId) ?? []
}
