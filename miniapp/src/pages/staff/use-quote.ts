import { useEffect, useRef, useState } from 'react'
import { api, type Trouble } from '../../lib/api'
import { useRead } from '../../lib/query'
import type { Choice, Quote, Visit } from './phase'

const PAUSE_MS = 250

export interface LiveQuote {
  /** What stands on the keypad now costs this; undefined while it is being asked. */
  now: Quote | undefined
  /** The last one known of this customer, to be shown pale while the next is asked. */
  last: Quote | undefined
  fault: Trouble | null
  reload(): Promise<void>
}

/** What an amount costs and earns, asked once the typing pauses. */
export function useQuote(visit: Visit | null, fullFen: number, choice: Choice, asking: boolean): LiveQuote {
  const asked = useLate(fullFen)
  const read = useRead(
    ['order.quote', visit?.visitId, asked, choice],
    () => {
      const { visitId, memberRef } = visit as Visit
      return api.order.quote.query({ visitId, memberRef, fullFen: asked, coupon: choice })
    },
    { enabled: asking && visit !== null && asked > 0 },
  )
  const now = visit && asked === fullFen && fullFen > 0 ? read.data : undefined
  const last = useRef<{ visitId: string; quote: Quote } | null>(null)
  if (visit && now) last.current = { visitId: visit.visitId, quote: now }
  const lastOfHis =
    last.current && last.current.visitId === visit?.visitId && fullFen > 0 ? last.current.quote : undefined
  return { now, last: lastOfHis, fault: asked === fullFen ? read.fault : null, reload: read.reload }
}

/** A number once it has stood still; going to nothing is told at once. */
function useLate(value: number): number {
  const [late, setLate] = useState(value)
  const first = useRef(true)
  useEffect(() => {
    if (first.current || value === 0) {
      first.current = false
      setLate(value)
      return
    }
    const timer = setTimeout(() => setLate(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return late
}
