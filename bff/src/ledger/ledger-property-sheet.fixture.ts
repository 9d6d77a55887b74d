/** A sheet of paper: all that is known of a few members and rewards after some steps of a sequence. */

export interface PaperLot {
  id: string
  /** The source that first earned it, wherever it moved since. */
  origin: string
  /** The source whose return takes it first. */
  own: string
  active: boolean
  earned: number
  remaining: number
  activeAt: number
  expiresAt: number
}

export interface PaperUse {
  lotId: string
  origin: string
  points: number
  activeAt: number
  expiresAt: number
}

export interface PaperMember {
  lots: PaperLot[]
  debt: number
  growth: number
  mergedInto: string | null
  /** How often each limited reward was taken. */
  taken: Record<string, number>
  /** How often the early right was used, by month. */
  early: Record<string, number>
}

export interface PaperReward {
  points: number
  left: number | null
  limit: number | null
  /** Only the right of early access opens it. */
  early: boolean
}

/** How often that right can be used in one month. */
export const EARLY_QUOTA = 1

export interface Paper {
  members: Record<string, PaperMember>
  rewards: Record<string, PaperReward>
  uses: Record<string, PaperUse[]>
  /** What has had its one effect. */
  claimed: Record<string, true>
  /** Points of a source that ended with their lot. */
  ended: Record<string, number>
  /** `fen` was paid; `refunded` of it came back, and with it what was `taken`. */
  orders: Record<string, { points: number; fen: number; refunded: number; taken: { points: number; growth: number } }>
  redemptions: Record<string, { owner: string; reward: string; standing: boolean; month: string | null }>
  /** Answers of commands, by requestId. */
  answers: Record<string, unknown>
}

export const emptyPaper = (members: string[], rewards: Record<string, PaperReward>): Paper => ({
  members: Object.fromEntries(
    members.map((id) => [id, { lots: [], debt: 0, growth: 0, mergedInto: null, taken: {}, early: {} }]),
  ),
  rewards: structuredClone(rewards),
  uses: {},
  claimed: {},
  ended: {},
  orders: {},
  redemptions: {},
  answers: {},
})

export function addTo(counts: Record<string, number>, of: string, times: number): void {
  counts[of] = Math.max(0, (counts[of] ?? 0) + times)
}
