import type { Fault } from '@huiyuan/shared/faults'
import {
  type CountedDeed,
  handInRefusal,
  nextProofAt,
  type ObligationFacts,
  type ObligationKind,
  type ObligationState,
  obligationEnd,
  obligationRefusal,
  obligationState,
  type ProofKind,
} from '@huiyuan/shared/obligation'
import type { Period } from '@huiyuan/shared/obligation-period'
import type { Wants } from '@huiyuan/shared/obligation-proof'
import { obligationRules } from '@huiyuan/shared/obligation-words'
import type { Policy } from '@huiyuan/shared/policy'
import { monthsBefore } from '@huiyuan/shared/time'
import { type Shown, type ShownSubmission, type SubmissionRow, shownSubmission } from './submission-facts'

/** What an obligation says of itself, as the database gives it; instants as ISO text. */
export interface TermsRow {
  obligationId: string
  kind: ObligationKind
  title: string
  words: string
  mark: string
  target: number
  proof: ProofKind
  tierGate: number
  cooldownHours: number
  storeId: string | null
  storeName: string | null
  rewardPoints: number
  honourName: string | null
  rewardCoupon: string | null
  startsAt: string
  endsAt: string
  stoppedAt: string | null
  period: Period
  counts: CountedDeed | null
  countsFromFen: number
  wants: Wants | null
  forHonourId: string | null
  forHonourName: string | null
  keepsHonourId: string | null
  articleId: string | null
  sku: string | null
  skuTitle: string | null
  dueDays: number | null
  mostTries: number
  labelled: boolean
}

/** One undertaking, or that there is none. */
export interface InstanceRow {
  state: ObligationState
  progress: number
  periodKey: string | null
  acceptedAt: string | null
  lastProofAt: string | null
  finishedAt: string | null
  dueAt: string | null
  reason: string | null
  tries: number
  pointsGiven: number
  submission: SubmissionRow | null
}

/** One obligation as it stands for one member. */
export interface ObligationRow extends TermsRow, InstanceRow {
  tier: number
  /** Wears the honour that it is for, or lost it a short while ago; true where it is for everybody. */
  honoured: boolean
}

/** An obligation as its member sees it. Instants as ISO text. */
export interface ShownObligation {
  obligationId: string
  kind: ObligationKind
  title: string
  words: string
  mark: string
  target: number
  /** Never above the target. */
  progress: number
  state: ObligationState
  /** Why nothing can be done for it now. */
  refusal: Fault | null
  /** Why nothing can be handed in now; null also where nothing is ever handed in. */
  handInRefusal: Fault | null
  startsAt: string
  endsAt: string
  period: Period
  /** Until when this undertaking is to be done. */
  dueAt: string
  /** Where it is confirmed; null in every shop. */
  storeName: string | null
  proof: ProofKind
  counts: CountedDeed | null
  wants: Wants | null
  articleId: string | null
  sku: string | null
  /** Shown as rewarded wherever others read it. */
  labelled: boolean
  /** Whose wearers it is for. */
  forHonour: { honourId: string; name: string } | null
  /** The honour that it keeps, as one of the month's duties. */
  keepsHonourId: string | null
  tries: { used: number; most: number }
  rewardPoints: number
  honourName: string | null
  rewardCoupon: string | null
  /** What was really given. */
  pointsGiven: number
  /** Why a done one got no points (budget), or why it was taken back (taken_back). */
  reason: string | null
  acceptedAt: string | null
  finishedAt: string | null
  /** From when on the next step counts, when it does not now. */
  nextAt: string | null
  /** The last that was handed in. */
  submission: ShownSubmission | null
  /** What counts and what does not, sentence by sentence. */
  rules: string[]
}

const dateOf = (iso: string | null) => (iso === null ? null : new Date(iso))
const isoOf = (at: string | null) => at && new Date(at).toISOString()

export const factsOf = (row: ObligationRow): ObligationFacts => ({
  ...row,
  startsAt: new Date(row.startsAt),
  endsAt: new Date(row.endsAt),
  dueAt: dateOf(row.dueAt),
  stoppedAt: dateOf(row.stoppedAt),
  lastProofAt: dateOf(row.lastProofAt),
  missingHonour: row.honoured ? null : (row.forHonourName ?? ''),
})

/** Since when a lost honour still lets its wearer go on with its duties. */
export const regainFromOf = (now: Date, { honourRegainMonths }: Policy): Date => monthsBefore(now, honourRegainMonths)

export const rulesOfRow = (row: TermsRow, policy: Policy): string[] =>
  obligationRules({ ...row, articleTitle: row.skuTitle, appealDays: policy.appealDays })

export function shownObligation(ctx: Shown, row: ObligationRow): ShownObligation {
  const now = ctx.now()
  const facts = factsOf(row)
  const refusal = obligationRefusal(facts, now)
  const { forHonourId, forHonourName, submission, tries, mostTries } = row
  return {
    ...termsOf(row),
    progress: Math.min(row.progress, row.target),
    state: obligationState(facts, now),
    refusal,
    handInRefusal:
      row.proof === 'handed_in'
        ? handInRefusal(
            { ...facts, proof: row.proof, tries, mostTries, appealing: submission?.appeal === 'asked' },
            now,
          )
        : null,
    startsAt: facts.startsAt.toISOString(),
    endsAt: facts.endsAt.toISOString(),
    dueAt: obligationEnd(facts).toISOString(),
    forHonour: forHonourId === null ? null : { honourId: forHonourId, name: forHonourName ?? '' },
    tries: { used: tries, most: mostTries },
    pointsGiven: row.pointsGiven,
    reason: row.reason,
    acceptedAt: isoOf(row.acceptedAt),
    finishedAt: isoOf(row.finishedAt),
    nextAt: refusal ? null : (nextProofAt(facts, now)?.toISOString() ?? null),
    submission: submission && shownSubmission(ctx, submission),
    rules: rulesOfRow(row, ctx.policy),
  }
}

/** What goes on to the phone as it is. */
function termsOf(row: ObligationRow) {
  const { obligationId, kind, title, words, mark, target, period, storeName, proof, counts, wants } = row
  const { articleId, sku, labelled, keepsHonourId, rewardPoints, honourName, rewardCoupon } = row
  const own = { obligationId, kind, title, words, mark, target, period, storeName, proof, counts, wants }
  return { ...own, articleId, sku, labelled, keepsHonourId, rewardPoints, honourName, rewardCoupon }
}
