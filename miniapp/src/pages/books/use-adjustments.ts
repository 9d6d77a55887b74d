import { api } from '../../lib/api'
import { usePages } from '../../lib/pages'

/** As many as WeChat is glad to draw at once. */
const ROWS = 10

/** Corrections by what has become of them, the newest first. */
export function useAdjustments(state: 'waiting' | 'over', enabled = true) {
  const { pages, ...rest } = usePages(
    ['ledger.adjustments', state],
    (cursor) => api.ledger.adjustments.query({ state, limit: ROWS, ...(cursor ? { cursor } : {}) }),
    { enabled },
  )
  return { ...rest, adjustments: pages.flatMap(({ adjustments }) => adjustments) }
}

export type AdjustmentList = ReturnType<typeof useAdjustments>
