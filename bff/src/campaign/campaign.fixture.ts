import { randomUUID } from 'node:crypto'
import type { CampaignForm } from '@huiyuan/shared/compliance'
import { DAY_MS } from '@huiyuan/shared/time'
import type { ObligationInput, ReferralInput } from './campaign-form'

const iso = (at: Date) => at.toISOString()

/** A campaign for friends as the form sends it, from tomorrow on. */
export const referralWish = (now: Date, part: Partial<ReferralInput> = {}): ReferralInput => ({
  requestId: randomUUID(),
  campaignId: null,
  revision: null,
  title: '请朋友喝第一盏',
  words: '把喜欢的茶推荐给朋友',
  trigger: 'first_order',
  levels: 1,
  teamPay: false,
  reward: { points: 100, cashFen: 0, random: false, growing: false },
  minOrderFen: 1_500,
  windowDays: 7,
  holdDays: 15,
  perPersonCap: 10,
  budgetPoints: 100_000,
  entryFeeFen: 0,
  locksFeature: false,
  startsAt: iso(new Date(now.getTime() + DAY_MS)),
  endsAt: iso(new Date(now.getTime() + 60 * DAY_MS)),
  ...part,
})

/** An obligation as the form sends it, from tomorrow on. */
export const obligationWish = (now: Date, part: Partial<ObligationInput> = {}): ObligationInput => ({
  requestId: randomUUID(),
  obligationId: null,
  revision: null,
  kind: 'check_in',
  title: '带自己的杯子',
  words: '带自己的杯子来，每天记一次。',
  mark: 'cup',
  trigger: 'check_in',
  target: 10,
  period: 'once',
  cooldownHours: 20,
  storeId: null,
  tierGate: 1,
  reward: { points: 50, honourId: null, coupon: null, cashFen: 0, random: false, growing: false },
  levels: 1,
  teamPay: false,
  budgetPoints: 10_000,
  entryFeeFen: 0,
  locksFeature: false,
  countsFromFen: 0,
  wants: null,
  forHonourId: null,
  keepsHonourId: null,
  articleId: null,
  sku: null,
  dueDays: null,
  mostTries: 3,
  labelled: false,
  ratingFrom: null,
  position: 9,
  startsAt: iso(new Date(now.getTime() + DAY_MS)),
  endsAt: iso(new Date(now.getTime() + 60 * DAY_MS)),
  ...part,
})

/** What an operator would send who wants exactly this. */
export function inputOf(form: CampaignForm, now: Date): ReferralInput | ObligationInput {
  const { noun, kind, title, words, levels, teamPay, reward, budgetPoints, entryFeeFen, locksFeature } = form
  const common = { title, words, levels, teamPay, budgetPoints, entryFeeFen, locksFeature }
  const days = { startsAt: iso(form.startsAt), endsAt: form.endsAt && iso(form.endsAt) }
  if (noun === 'referral')
    return referralWish(now, {
      ...common,
      ...days,
      trigger: form.trigger as ReferralInput['trigger'],
      reward: { points: reward.points, cashFen: reward.cashFen, random: reward.random, growing: reward.growing },
      perPersonCap: form.perPersonCap,
      holdDays: form.holdDays,
    })
  const handedIn = ['handed_in', 'review', 'positive_review'].includes(form.trigger)
  return obligationWish(now, {
    ...common,
    ...(days as { startsAt: string; endsAt: string }),
    kind: kind as ObligationInput['kind'],
    trigger: form.trigger,
    reward: { ...reward, honourId: null },
    labelled: form.labelled,
    ratingFrom: form.ratingFrom,
    wants: handedIn ? { text: { min: 10, max: 500 } } : null,
  })
}
