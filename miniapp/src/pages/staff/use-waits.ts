import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import type { Visit } from './phase'
import { ofVisit } from './use-sale'

export type Waiting = RouterOutputs['mall']['waiting']['redemptions'][number]
export type AtCounter = RouterOutputs['obligation']['atCounter']['obligations'][number]
export type Recent = RouterOutputs['order']['recent']['orders'][number]

/** What else this customer may have come for; all are asked in one request. */
export function useWaits(visit: Visit) {
  const of = ofVisit(visit)
  return {
    waiting: useRead(['mall.waiting', visit.visitId], () => api.mall.waiting.query(of)),
    obligations: useRead(['obligation.atCounter', visit.visitId], () => api.obligation.atCounter.query(of)),
    cards: useRead(['visit.cards', visit.visitId], () => api.visit.cards.query(of)),
    rights: useRead(['right.atCounter', visit.visitId], () => api.right.atCounter.query(of)),
    recent: useRead(['order.recent', visit.visitId], () => api.order.recent.query(of)),
  }
}

export type Waits = ReturnType<typeof useWaits>
