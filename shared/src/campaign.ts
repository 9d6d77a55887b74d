/**
 * What operators write down to thank for: a campaign for friends, or an obligation. Here is what of it the guard reads, how it
 * is proven, and which of it was promised and stays.
 */
import type { CampaignForm, LegalTrigger, Trigger } from './compliance'

export type CampaignKind = 'referral' | 'obligation'
export type CampaignState = 'soon' | 'running' | 'over' | 'stopped'

export interface CampaignWindow {
  startsAt: Date
  endsAt: Date | null
  stoppedAt: Date | null
}

export function campaignState({ startsAt, endsAt, stoppedAt }: CampaignWindow, now: Date): CampaignState {
  if (stoppedAt) return 'stopped'
  if (now < startsAt) return 'soon'
  return endsAt && endsAt <= now ? 'over' : 'running'
}

/** What both kinds are asked, legal or not. */
interface Wish {
  title: string
  words: string
  trigger: Trigger
  levels: number
  teamPay: boolean
  reward: CampaignForm['reward']
  budgetPoints: number | null
  entryFeeFen: number
  locksFeature: boolean
  startsAt: Date
  endsAt: Date | null
}

export interface ReferralWish extends Wish {
  minOrderFen: number
  windowDays: number
  holdDays: number
  perPersonCap: number | null
}

export interface ObligationWish extends Wish {
  kind: string
  labelled: boolean
  ratingFrom: number | null
}

/** A campaign for friends, as the guard reads it. */
export const formOfReferral = ({ minOrderFen: _, windowDays: __, ...wish }: ReferralWish): CampaignForm => ({
  ...wish,
  noun: 'referral',
  kind: null,
  ratingFrom: null,
  labelled: false,
})

/** An obligation, as the guard reads it: one reward a period, and what it counts is held before it counts. */
export const formOfObligation = (wish: ObligationWish): CampaignForm => ({
  ...wish,
  noun: 'obligation',
  perPersonCap: 1,
  holdDays: 0,
})

export interface ProofOfTrigger {
  proof: 'staff_scan' | 'counted' | 'handed_in'
  counts: 'friend_rewarded' | 'reader_acted' | 'order' | null
}

const SCAN: ProofOfTrigger = { proof: 'staff_scan', counts: null }
const HANDED_IN: ProofOfTrigger = { proof: 'handed_in', counts: null }

/** How an obligation is proven that thanks for this. */
export const PROOFS: Record<LegalTrigger, ProofOfTrigger> = {
  attend: SCAN,
  check_in: SCAN,
  handed_in: HANDED_IN,
  review: HANDED_IN,
  first_order: { proof: 'counted', counts: 'friend_rewarded' },
  order_or_activity: { proof: 'counted', counts: 'friend_rewarded' },
  reader_acted: { proof: 'counted', counts: 'reader_acted' },
  order: { proof: 'counted', counts: 'order' },
}

/** What an obligation that is proven so thanks for. */
export function triggerOf({
  kind,
  proof,
  counts,
}: {
  kind: string
  proof: string
  counts: string | null
}): LegalTrigger {
  if (proof === 'staff_scan') return kind === 'check_in' ? 'check_in' : 'attend'
  if (proof === 'handed_in') return kind === 'review' ? 'review' : 'handed_in'
  return counts === 'reader_acted' || counts === 'order' ? counts : 'first_order'
}

/** What may still be changed once it has begun; cap and budget only upwards. Everything else was promised. */
export const FREE_FIELDS = ['title', 'words', 'mark', 'endsAt', 'position'] as const
export const RISING_FIELDS = ['perInviterCap', 'budgetPoints'] as const
