import type { Fault } from '@huiyuan/shared/faults'
import {
  nextProofAt,
  type ObligationFacts,
  type ObligationState,
  obligationRefusal,
  obligationState,
} from '@huiyuan/shared/obligation'

/** One obligation as it stands for one member, as the database gives it; instants as ISO text. */
export interface ObligationRow {
  obligationId: string
  kind: 'themed_activity' | 'check_in'
  title: string
  words: string
  mark: string
  target: number
  proof: 'staff_scan'
  tierGate: number
  cooldownHours: number
  storeId: string | null
  storeName: string | null
  rewardPoints: number
  honourName: string | null
  startsAt: string
  endsAt: string
  tier: number
  state: ObligationState
  progress: number
  acceptedAt: string | null
  lastProofAt: string | null
  finishedAt: string | null
}

/** An obligation as its member sees it. */
export interface ShownObligation {
  obligationId: string
  kind: 'themed_activity' | 'check_in'
  title: string
  words: string
  mark: string
  target: number
  progress: number
  state: ObligationState
  /** Why nothing can be done for it now. */
  refusal: Fault | null
  startsAt: string
  endsAt: string
  /** Where it is confirmed; null in every shop. */
  storeName: string | null
  proof: 'staff_scan'
  rewardPoints: number
  honourName: string | null
  acceptedAt: string | null
  finishedAt: string | null
  /** From when on the next step counts, when it does not now. */
  nextAt: string | null
}

export const factsOf = (row: ObligationRow): ObligationFacts => ({
  ...row,
  startsAt: new Date(row.startsAt),
  endsAt: new Date(row.endsAt),
  lastProofAt: row.lastProofAt === null ? null : new Date(row.lastProofAt),
})

const iso = (at: string | null) => at && new Date(at).toISOString()

export function shownObligation(row: ObligationRow, now: Date): ShownObligation {
  const facts = factsOf(row)
  const { obligationId, kind, title, words, mark, target, progress, proof, storeName, rewardPoints, honourName } = row
  const refusal = obligationRefusal(facts, now)
  return {
    obligationId,
    kind,
    title,
    words,
    mark,
    target,
    progress,
    state: obligationState(facts, now),
    refusal,
    startsAt: facts.startsAt.toISOString(),
    endsAt: facts.endsAt.toISOString(),
    storeName,
    proof,
    rewardPoints,
    honourName,
    acceptedAt: iso(row.acceptedAt),
    finishedAt: iso(row.finishedAt),
    nextAt: refusal ? null : (nextProofAt(facts, now)?.toISOString() ?? null),
  }
}
