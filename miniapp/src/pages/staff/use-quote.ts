import { useEffect, useRef, useState } from 'react'
import { api, type Trouble } from '../../lib/api'
import { useRead } from '../../lib/query'
import type { Cart } from './cart'
import type { Choice, Quote, Visit } from './phase'

const PAUSE_MS = 250

export interface LiveQuote {
  /** What is rung up now costs this; undefined while it is being asked. */
  now: Quote | undefined
  /** The last one known of this customer, to be shown pale while the next is asked. */
  last: Quote | undefined
  fault: Trouble | null
  reload(): Promise<void>
}

export interface Asked {
  cart: Cart | null
  choice: Choice
  /** As many points as can pay for it. */
  withPoints: boolean
}

/** What is rung up costs and earns, asked once it stands still. */
export function useQuote(visit: Visit | null, { cart, choice, withPoints }: Asked, asking: boolean): LiveQuote {
  const rung = cart ? JSON.stringify(cart) : ''
  const asked = useLate(rung)
  const read = useRead(
    ['order.quote', visit?.visitId, asked, choice, withPoints],
    () => {
      const { visitId, memberRef } = visit as Visit
      const points = withPoints ? ({ points: 'most' } as const) : {}
      return api.order.quote.query({ visitId, memberRef, ...(JSON.parse(asked) as Cart), coupons: choice, ...points })
    },
    { enabled: asking && visit !== null && asked !== '' },
  )
  const now = visit && asked === rung && rung !== '' ? read.data : undefined
  const last = useRef<{ visitId: string; quote: Quote } | null>(null)
  if (visit && now) last.current = { visitId: visit.visitId, quote: now }
  const lastOfHis =
    last.current && last.current.visitId === visit?.visitId && rung !== '' ? last.current.quote : undefined
  return { now, last: lastOfHis, fault: asked === rung ? read.fault : null, reload: read.reload }
}

/** A text once it has stood still; going to nothing is told at once. */
function useLate(value: string): string {
  const [late, setLate] = useState(value)
  const first = useRef(true)
  useEffect(() => {
    if (first.current || value === '') {
      first.current = false
      setLate(value)
      return
    }
    const timer = setTimeout(() => setLate(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return late
}
