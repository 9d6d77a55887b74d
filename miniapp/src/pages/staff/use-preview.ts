import { useEffect, useRef, useState } from 'react'
import { api, type RouterOutputs, type Trouble } from '../../lib/api'
import { useRead } from '../../lib/query'
import type { Visit } from './use-counter'

export type Preview = RouterOutputs['order']['preview']

const PAUSE_MS = 250

/** What an amount would earn, asked once the typing pauses. `data` is undefined while it is of another amount. */
export function usePreview(
  visit: Visit | null,
  amountFen: number,
): { data: Preview | undefined; fault: Trouble | null; reload: () => Promise<void> } {
  const asked = useLate(amountFen)
  const read = useRead(
    ['order.preview', visit?.visitId, asked],
    () => {
      const { visitId, memberRef } = visit as Visit
      return api.order.preview.query({ visitId, memberRef, amountFen: asked })
    },
    { enabled: visit !== null && asked > 0 },
  )
  return { data: asked === amountFen ? read.data : undefined, fault: read.fault, reload: read.reload }
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
