import { useEffect, useState } from 'react'
import { api, faultOf, type RouterOutputs, type Trouble } from '../../lib/api'
import { useRead } from '../../lib/query'

export type Shift = RouterOutputs['order']['shift']
export type ShiftOrder = Shift['orders'][number]

/** Today's orders, the newest first, page by page; a new first page starts over. */
export function useShift() {
  const first = useRead(['shift'], () => api.order.shift.query({}))
  const [later, setLater] = useState<ShiftOrder[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Trouble | null>(null)
  const start = first.data
  useEffect(() => {
    setLater([])
    setFault(null)
    setCursor(start?.nextCursor ?? null)
  }, [start])
  const more = async () => {
    if (!cursor || busy) return
    setBusy(true)
    setFault(null)
    try {
      const page = await api.order.shift.query({ cursor })
      setLater((known) => [...known, ...page.orders])
      setCursor(page.nextCursor)
    } catch (error) {
      setFault(faultOf(error))
    } finally {
      setBusy(false)
    }
  }
  return { first, orders: [...(start?.orders ?? []), ...later], hasMore: cursor !== null, busy, fault, more }
}
