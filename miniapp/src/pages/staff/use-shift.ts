import { api, type RouterOutputs } from '../../lib/api'
import { usePages } from '../../lib/pages'

export type Shift = RouterOutputs['order']['shift']
export type ShiftOrder = Shift['orders'][number]

/** Today's orders, the newest first. */
export function useShift() {
  const { pages, ...rest } = usePages(['shift'], (cursor) => api.order.shift.query(cursor ? { cursor } : {}))
  return { ...rest, orders: pages.flatMap(({ orders }) => orders) }
}
