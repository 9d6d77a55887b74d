import type { Fault } from '@huiyuan/shared/faults'
import {
  earlyAccessOf,
  keptOf,
  leftFor,
  opensFor,
  type RewardKind,
  rewardRefusal,
  type Shopper,
} from '@huiyuan/shared/mall'
import type { OwnRight } from '@huiyuan/shared/right'

/** A reward as the database tells it; times are ISO strings. */
export interface RewardRow {
  rewardId: string
  title: string
  subtitle: string
  /** Which of the brand's drawings shows it. */
  art: string
  /** Further words that a search finds it by. */
  keywords: string
  kind: RewardKind
  points: number
  /** What it costs in the shop; null where it is not sold. */
  marketFen: number | null
  tierGate: number
  perPersonLimit: number | null
  stockTotal: number | null
  /** Null without limit; of a partner's codes how many are left. */
  left: number | null
  /** Pieces kept for holders of a right, over or not. */
  reserve: { rightId: string; pieces: number; until: string } | null
  numbered: boolean
  publicAt: string
  /** Rights of early access let in at most so many hours before the public; null for nobody. */
  earlyHours: number | null
  endsAt: string | null
  prepareHours: number
  pickupDays: number
  rules: string
  takenByMe: number
  favourite: boolean
}

/** Early access to a reward by one right. */
export interface ShownEarly {
  /** What the right is called. */
  title: string
  /** From when on it lets in, were it there. */
  opensAt: string
  state: OwnRight['state']
  /** How often it can still be used in this period; null without limit. */
  left: number | null
  period: OwnRight['period']
  /** When a used-up right is there again; null for never. */
  backAt: string | null
  /** The tier that would unlock a locked one; null where only an honour does. */
  unlockTier: number | null
}

/** What is kept of a limited edition, and for whom. */
export interface ShownKept {
  /** What the right is called. */
  title: string
  pieces: number
  until: string
  /** Whether this reader may take one of them. */
  mine: boolean
  /** The tier that has the right; null where something else brings it. */
  tier: number | null
}

/** `left` is what this reader may take. */
export interface ShownReward extends Omit<RewardRow, 'reserve'> {
  /** From when on this reader may exchange it. */
  opensForMeAt: string
  /** Why this reader cannot exchange it now; null for guests, too. */
  refusal: Fault | null
  /** The best right of this reader, else the nearest locked one; null where nobody comes early any more. */
  early: ShownEarly | null
  /** Null where nothing is kept now. */
  kept: ShownKept | null
}

/** @param me null for guests, whose rights are all locked */
export function shownReward(
  { reserve, ...row }: RewardRow,
  rights: OwnRight[],
  me: Omit<Shopper, 'rights'> | null,
  now: Date,
): ShownReward {
  const facts = {
    ...row,
    publicAt: new Date(row.publicAt),
    endsAt: row.endsAt ? new Date(row.endsAt) : null,
    reserve: reserve && { ...reserve, until: new Date(reserve.until) },
  }
  return {
    ...row,
    left: leftFor(facts, rights, now),
    opensForMeAt: opensFor(facts, rights).toISOString(),
    refusal: me ? rewardRefusal(facts, { ...me, rights }, now) : null,
    early: shownEarly(earlyAccessOf(facts, rights, now)),
    kept: shownKept(keptOf(facts.reserve, now), rights),
  }
}

function shownKept(kept: ReturnType<typeof keptOf>, rights: OwnRight[]): ShownKept | null {
  const right = kept && rights.find(({ rightId }) => rightId === kept.rightId)
  if (!kept || !right) return null
  const { title, tierFrom: tier, state } = right
  return { title, tier, pieces: kept.pieces, until: kept.until.toISOString(), mine: state === 'available' }
}

const shownEarly = (early: ReturnType<typeof earlyAccessOf>): ShownEarly | null =>
  early && {
    title: early.right.title,
    opensAt: early.opensAt.toISOString(),
    state: early.right.state,
    left: early.right.left,
    period: early.right.period,
    backAt: early.right.backAt?.toISOString() ?? null,
    unlockTier: early.right.unlock?.tier ?? null,
  }
