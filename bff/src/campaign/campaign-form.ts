import { FORBIDDEN_TRIGGERS, LEGAL_TRIGGERS } from '@huiyuan/shared/compliance'
import { z } from 'zod'

/** Everything that an operator may write down, the forbidden too: what of it may be saved is the guard's word. */
const points = z.int().min(0).max(1_000_000)
const total = z.int().min(0).max(1_000_000_000)
const fen = z.int().min(0).max(100_000_000)
export const campaignKey = z.string().regex(/^[0-9a-zA-Z_-]{1,32}$/)
const instant = z.iso.datetime()
/** Text of one line, as a column of so many characters takes it. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .regex(/^\P{C}*$/u)
const forbidden = Object.keys(FORBIDDEN_TRIGGERS) as (keyof typeof FORBIDDEN_TRIGGERS)[]

const wish = {
  requestId: z.uuid(),
  /** What the operator had before them; null for a new one. */
  revision: z.int().min(1).max(1_000_000).nullable(),
  title: line(40).min(2),
  levels: z.int().min(1).max(9),
  teamPay: z.boolean(),
  reward: z.strictObject({
    points,
    honourId: campaignKey.nullable(),
    coupon: campaignKey.nullable(),
    cashFen: fen,
    random: z.boolean(),
    growing: z.boolean(),
  }),
  budgetPoints: total.nullable(),
  entryFeeFen: fen,
  locksFeature: z.boolean(),
  startsAt: instant,
}

export const referralForm = z.strictObject({
  ...wish,
  /** null for a new one, which gets its id here. */
  campaignId: campaignKey.nullable(),
  words: line(120),
  trigger: z.enum(['first_order', 'order_or_activity', ...forbidden]),
  reward: wish.reward.omit({ honourId: true, coupon: true }).extend({ points: points.min(1) }),
  minOrderFen: fen.min(1),
  windowDays: z.int().min(1).max(30),
  holdDays: z.int().min(1).max(365),
  perPersonCap: z.int().min(1).max(30_000).nullable(),
  endsAt: instant.nullable(),
})
export type ReferralInput = z.infer<typeof referralForm>

const span = (most: number) =>
  z
    .strictObject({ min: z.int().min(0).max(most), max: z.int().min(1).max(most) })
    .refine(({ min, max }) => min <= max, 'min is above max')
const wants = z
  .strictObject({
    photos: span(9).optional(),
    text: span(1_000).optional(),
    link: z.boolean().optional(),
    rating: z.boolean().optional(),
    order: z.boolean().optional(),
  })
  .refine((asked) => Object.values(asked).some(Boolean), 'nothing is asked for')

export const obligationForm = z
  .strictObject({
    ...wish,
    obligationId: campaignKey.nullable(),
    words: line(160).min(2),
    kind: z.enum(['spread_news', 'invite', 'review', 'themed_activity', 'check_in', 'ambassador_duty', 'product_test']),
    mark: z.string().regex(/^[a-z]{1,16}$/),
    trigger: z.enum([...LEGAL_TRIGGERS, ...forbidden]),
    target: z.int().min(1).max(1_000),
    period: z.enum(['once', 'daily', 'weekly', 'monthly']),
    cooldownHours: z.int().min(0).max(2_000),
    storeId: campaignKey.nullable(),
    tierGate: z.int().min(1).max(6),
    countsFromFen: fen,
    wants: wants.nullable(),
    forHonourId: campaignKey.nullable(),
    keepsHonourId: campaignKey.nullable(),
    articleId: campaignKey.nullable(),
    sku: campaignKey.nullable(),
    dueDays: z.int().min(1).max(365).nullable(),
    mostTries: z.int().min(1).max(10),
    labelled: z.boolean(),
    ratingFrom: z.int().min(1).max(5).nullable(),
    position: z.int().min(0).max(1_000),
    endsAt: instant,
  })
  .refine(({ trigger, wants: asked }) => (trigger !== 'handed_in' && trigger !== 'review') || asked !== null, {
    path: ['wants'],
    message: 'what is handed in is not said',
  })
export type ObligationInput = z.infer<typeof obligationForm>
