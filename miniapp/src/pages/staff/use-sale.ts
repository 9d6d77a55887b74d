import { api } from '../../lib/api'
import { useSteady } from '../../lib/steady'
import type { Cart } from './cart'
import type { Held, Settled, Visit } from './phase'

type Of = Pick<Visit, 'visitId' | 'memberRef'>
type Settling = Of & ({ amountFen: number } | { holdId: string })

export const ofVisit = ({ visitId, memberRef }: Visit): Of => ({ visitId, memberRef })

/** The three commands of a purchase; each keeps its own fault. */
export function useSale() {
  const holding = useSteady(
    (input: Of & Cart & { couponIds: string[]; points: number; payableFen: number }, requestId): Promise<Held> =>
      api.order.hold.mutate({ requestId, ...input }),
  )
  const releasing = useSteady((input: Of & { holdId: string }, requestId) =>
    api.order.release.mutate({ requestId, ...input }),
  )
  const settling = useSteady(
    (input: Settling, requestId): Promise<Settled> => api.order.settle.mutate({ requestId, ...input }),
  )
  const all = [holding, releasing, settling]
  return {
    holding,
    releasing,
    settling,
    busy: all.some(({ busy }) => busy),
    unsure: holding.unsure || settling.unsure,
    fault: settling.fault ?? holding.fault ?? releasing.fault,
    clear: () => {
      for (const { clear } of all) clear()
    },
  }
}

export type Sale = ReturnType<typeof useSale>
