/**
 * What a member may do for the brand (特色义务), and when a step of it counts. The database has the same table of states
 * and makes the same refusals in the same order; tests hold both together.
 */
import { type Fault, fault } from './faults'
import { countText } from './money'
import { DAY_MS, startOfBusinessDay } from './time'

export type ObligationKind =
  | 'spread_news'
  | 'invite'
  | 'review'
  | 'themed_activity'
  | 'check_in'
  | 'ambassador_duty'
  | 'product_test'

/** A colleague's scan, what the system counts, or what is handed in and looked at by a person. */
export type ProofKind = 'staff_scan' | 'counted' | 'handed_in'

export type CountedDeed = 'friend_rewarded' | 'reader_acted' | 'order'

/** `open` is offered and not taken up; `approved` is done without points, because the budget was gone. */
export type ObligationState =
  | 'open'
  | 'accepted'
  | 'in_progress'
  | 'submitted'
  | 'rejected'
  | 'approved'
  | 'rewarded'
  | 'lapsed'
  | 'clawed_back'

/**
 * `proof` is a confirmed step that leaves more to do; the last one ends in `reward`, or `approve` without points.
 * `retract` takes a counted step back, `claw_back` the reward of one that then falls below its goal.
 */
export type ObligationStep =
  | 'accept'
  | 'submit'
  | 'proof'
  | 'reward'
  | 'approve'
  | 'reject'
  | 'retract'
  | 'claw_back'
  | 'lapse'

/** Where each step leads; a step that is not there is refused. `obligation_next` of the database is the same. */
export const OBLIGATION_STEPS: Readonly<Record<ObligationState, Partial<Record<ObligationStep, ObligationState>>>> = {
  open: { accept: 'accepted', proof: 'in_progress', reward: 'rewarded', approve: 'approved', lapse: 'lapsed' },
  accepted: {
    accept: 'accepted',
    submit: 'submitted',
    proof: 'in_progress',
    reward: 'rewarded',
    approve: 'approved',
    lapse: 'lapsed',
  },
  in_progress: {
    accept: 'in_progress',
    submit: 'submitted',
    proof: 'in_progress',
    reward: 'rewarded',
    approve: 'approved',
    retract: 'in_progress',
    lapse: 'lapsed',
  },
  // handed in in time it is looked at in any case: whoever looks late makes nobody late
  submitted: { proof: 'in_progress', reward: 'rewarded', approve: 'approved', reject: 'rejected' },
  // the last three by an appeal that is granted
  rejected: { submit: 'submitted', proof: 'in_progress', reward: 'rewarded', approve: 'approved' },
  approved: { claw_back: 'clawed_back' },
  rewarded: { claw_back: 'clawed_back' },
  lapsed: {},
  clawed_back: {},
}

export interface ObligationFacts {
  /** As it is written down; time alone makes it lapse. */
  state: ObligationState
  /** The member's own tier. */
  tier: number
  tierGate: number
  startsAt: Date
  endsAt: Date
  /** The end of what was taken up, where it is earlier; null for none. */
  dueAt: Date | null
  stoppedAt: Date | null
  /** The honour that it is for, and that this member neither wears nor lost a short while ago. */
  missingHonour: string | null
  /** Where it can be confirmed; null in every shop. */
  storeId: string | null
  storeName: string | null
  cooldownHours: number
  lastProofAt: Date | null
}

/** When nothing can be done for it any more: its own end, or the earlier one of what was taken up. */
export const obligationEnd = ({ endsAt, dueAt }: Pick<ObligationFacts, 'endsAt' | 'dueAt'>): Date =>
  dueAt && dueAt < endsAt ? dueAt : endsAt

/** The state as of `now`: what was not done by its end, or was stopped, has lapsed without anybody writing it. */
export const obligationState = (
  facts: Pick<ObligationFacts, 'state' | 'endsAt' | 'dueAt' | 'stoppedAt'>,
  now: Date,
): ObligationState =>
  now >= obligationEnd(facts) || facts.stoppedAt !== null
    ? (OBLIGATION_STEPS[facts.state].lapse ?? facts.state)
    : facts.state

/** Why nothing more can be done for it now; null when it can. Who has taken it up keeps it, whatever the tier becomes. */
export function obligationRefusal(facts: ObligationFacts, now: Date): Fault | null {
  const { state, tier, tierGate, startsAt, stoppedAt, missingHonour } = facts
  if (!OBLIGATION_STEPS[state].proof)
    return fault(state === 'lapsed' || state === 'clawed_back' ? 'OBLIGATION_OVER' : 'OBLIGATION_DONE')
  if (stoppedAt !== null) return fault('OBLIGATION_STOPPED')
  if (now < startsAt) return fault('OBLIGATION_NOT_OPEN', { opensAt: startsAt.toISOString() })
  if (now >= obligationEnd(facts)) return fault('OBLIGATION_OVER')
  if (state !== 'open') return null
  if (missingHonour !== null) return fault('HONOUR_NEEDED', { honourName: missingHonour })
  return tier < tierGate ? fault('TIER_NEEDED', { tier: tierGate }) : null
}

/** When the next step counts; null when it does at once. */
export function nextProofAt(
  { lastProofAt, cooldownHours }: Pick<ObligationFacts, 'lastProofAt' | 'cooldownHours'>,
  now: Date,
): Date | null {
  // without a cooldown always at once: the last step may bear the later time of another server
  const next = lastProofAt && cooldownHours > 0 && new Date(lastProofAt.getTime() + cooldownHours * 3_600_000)
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

/** Why nothing can be handed in now. `tries` so far, of `mostTries`; `appealing` while a refusal is looked at once more. */
export function handInRefusal(
  facts: ObligationFacts & { proof: ProofKind; tries: number; mostTries: number; appealing: boolean },
  now: Date,
): Fault | null {
  if (facts.proof !== 'handed_in') return fault('PROOF_KIND')
  if (facts.state === 'submitted' || facts.appealing) return fault('PROOF_WAITING')
  const refusal = obligationRefusal(facts, now)
  if (refusal) return refusal
  if (facts.state === 'open') return fault('NOT_TAKEN_UP')
  if (facts.tries >= facts.mostTries) return fault('TRIES_OVER', { limit: facts.mostTries })
  const next = nextProofAt(facts, now)
  return next && fault('CHECKIN_TOO_SOON', { until: next.toISOString() })
}

/** Until when a refusal at `decidedAt` can be appealed against: to the end of the day so many days later. */
export const appealUntil = (decidedAt: Date, appealDays: number): Date =>
  new Date(startOfBusinessDay(decidedAt).getTime() + (appealDays + 1) * DAY_MS - 1)

/** `200 积分、「满 30 减 5」和「惜杯人」`: what the brand answers with. */
export function obligationRewardWords(points: number, honourName: string | null, coupon: string | null = null): string {
  const parts = [
    points > 0 ? `${countText(points)} 积分` : '',
    coupon ? `「${coupon}」券` : '',
    honourName ? `「${honourName}」` : '',
  ].filter(Boolean)
  return parts.length > 2 ? `${parts.slice(0, -1).join('、')}和${parts.at(-1)}` : parts.join('和')
}
