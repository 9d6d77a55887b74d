import { useEffect, useState } from 'react'
import { faultOf, type Trouble } from './api'
import { type Read, useRead } from './query'

interface Answer {
  nextCursor: string | null
}

export interface Pages<P> {
  /** The read of the first page, which says how the list is doing. */
  first: Read<P>
  /** What is there so far, in order. */
  pages: P[]
  hasMore: boolean
  busy: boolean
  /** Why the next page did not come. */
  fault: Trouble | null
  more(): Promise<void>
}

/** A list that comes page by page; a new first page starts over. */
export function usePages<P extends Answer>(
  key: unknown[],
  ask: (cursor?: string) => Promise<P>,
  options: { keepAs?: string; enabled?: boolean } = {},
): Pages<P> {
  const first = useRead(key, () => ask(), options)
  const [later, setLater] = useState<P[]>([])
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
      const page = await ask(cursor)
      setLater((known) => [...known, page])
      setCursor(page.nextCursor)
    } catch (error) {
      setFault(faultOf(error))
    } finally {
      setBusy(false)
    }
  }
  return { first, pages: start ? [start, ...later] : [], hasMore: cursor !== null, busy, fault, more }
}
