import { useEffect, useState } from 'react'
import { api, faultOf, type RouterOutputs, type Trouble } from '../../lib/api'
import { useRead } from '../../lib/query'

export type Line = RouterOutputs['ledger']['statement']['lines'][number]
export type Kind = 'all' | 'earned' | 'spent' | 'expired' | 'growth'

export const KINDS: { kind: Kind; name: string }[] = [
  { kind: 'all', name: '全部' },
  { kind: 'earned', name: '获得' },
  { kind: 'spent', name: '使用' },
  { kind: 'expired', name: '到期' },
  { kind: 'growth', name: '成长值' },
]

/** As many as WeChat is glad to draw at once. */
const LINES = 15

/** The statement page by page; a new first page starts over. */
export function usePages(kind: Kind) {
  const first = useRead(
    ['statement', kind],
    () => api.ledger.statement.query({ kind, limit: LINES }),
    kind === 'all' ? { keepAs: 'statement' } : {},
  )
  const [later, setLater] = useState<Line[]>([])
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
      const page = await api.ledger.statement.query({ kind, cursor, limit: LINES })
      setLater((known) => [...known, ...page.lines])
      setCursor(page.nextCursor)
    } catch (error) {
      setFault(faultOf(error))
    } finally {
      setBusy(false)
    }
  }
  return { first, lines: [...(start?.lines ?? []), ...later], hasMore: cursor !== null, busy, fault, more }
}
