import { api, type RouterOutputs } from '../../lib/api'
import { usePages } from '../../lib/pages'

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

/** The statement of one kind, page by page. */
export function useLines(kind: Kind) {
  const { pages, ...rest } = usePages(
    ['statement', kind],
    (cursor) => api.ledger.statement.query({ kind, limit: LINES, ...(cursor ? { cursor } : {}) }),
    kind === 'all' ? { keepAs: 'statement' } : {},
  )
  return { ...rest, lines: pages.flatMap(({ lines }) => lines) }
}
