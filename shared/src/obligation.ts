/**
 * What a member may do for the brand (特色义务), and when a step of it counts. The states are a table, which the
 * database is handed with every write; the refusals here are the ones that it makes, in the same order.
 */
import { type Fault, fault } from './faults'
import { countText } from './money'
import { endOfMonthAfter } from './time'

/** `open` is offered and not taken up; `approved` is done without points, because the budget was gone. */
export type ObligationState = 'open' | 'accepted' | 'in_progress' | 'approved' | 'rewarded' | 'lapsed'

/** `proof` is a confirmed step that leaves more to do; the last one ends in `reward`, or `approve` without points. */
export type ObligationStep = 'accept' | 'proof' | 'reward' | 'approve' | 'lapse'

/** Where each step leads; a step that is not there is refused. */
export const OBLIGATION_STEPS: Readonly<Record<ObligationState, Partial<Record<ObligationStep, ObligationState>>>> = {
  open: { accept: 'accepted', proof: 'in_progress', reward: 'rewarded', approve: 'approved', lapse: 'lapsed' },
  accepted: { accept: 'accepted', proof: 'in_progress', reward: 'rewarded', approve: 'approved', lapse: 'lapsed' },
  in_progress: {
    accept: 'in_progress',
    proof: 'in_progress',
    reward: 'rewarded',
    approve: 'approved',
    lapse: 'lapsed',
  },
  approved: {},
  rewarded: {},
  lapsed: {},
}

export interface ObligationFacts {
  /** As it is written down; time alone makes it lapse. */
  state: ObligationState
  /** The member's own tier. */
  tier: number
  tierGate: number
  startsAt: Date
  endsAt: Date
  /** Where it can be confirmed; null in every shop. */
  storeId: string | null
  storeName: string | null
  cooldownHours: number
  lastProofAt: Date | null
}

/** The state as of `now`: what was not done by its end has lapsed, without anybody writing it. */
export const obligationState = ({ state, endsAt }: Pick<ObligationFacts, 'state' | 'endsAt'>, now: Date) =>
  now >= endsAt ? (OBLIGATION_STEPS[state].lapse ?? state) : state

/** Why nothing more can be done for it now; null when it can. Who has taken it up keeps it, whatever the tier becomes. */
export function obligationRefusal(facts: ObligationFacts, now: Date): Fault | null {
  const { state, tier, tierGate, startsAt, endsAt } = facts
  if (!OBLIGATION_STEPS[state].proof) return fault(state === 'lapsed' ? 'OBLIGATION_OVER' : 'OBLIGATION_DONE')
  if (now < startsAt) return fault('OBLIGATION_NOT_OPEN', { opensAt: startsAt.toISOString() })
  if (now >= endsAt) return fault('OBLIGATION_OVER')
  if (state === 'open' && tier < tierGate) return fault('TIER_NEEDED', { tier: tierGate })
  return null
}

/** When the next step counts; null when it does at once. */
export function nextProofAt({ lastProofAt, cooldownHours }: ObligationFacts, now: Date): Date | null {
  const next = lastProofAt && new Date(lastProofAt.getTime() + cooldownHours * 3_600_000)
  return next && next > now ? next : null
}

/** Why a step cannot be confirmed in this shop now; `byCode` when the member stands there with a live code. */
export function checkInRefusal(
  facts: ObligationFacts,
  at: { storeId: string; byCode: boolean },
  now: Date,
): Fault | null {
  if (!at.byCode) return fault('CODE_NEEDED')
  const refusal = obligationRefusal(facts, now)
  if (refusal) return refusal
  if (facts.storeId !== null && facts.storeId !== at.storeId)
    return fault('OBLIGATION_ELSEWHERE', { storeName: facts.storeName ?? '' })
  const next = nextProofAt(facts, now)
  return next && fault('CHECKIN_TOO_SOON', { until: next.toISOString() })
}

/** Until when an honour given at `at` is worn; null for ever. */
export const honourUntil = (termMonths: number | null, at: Date): Date | null =>
  termMonths === null ? null : endOfMonthAfter(at, termMonths)

/** `200 积分和「惜杯人」`: what the brand answers with. */
export const obligationRewardWords = (points: number, honourName: string | null): string =>
  [points > 0 ? `${countText(points)} 积分` : '', honourName ? `「${honourName}」` : ''].filter(Boolean).join('和')
