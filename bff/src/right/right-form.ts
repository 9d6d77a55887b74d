import type { RightKind, RightPayloads } from '@huiyuan/shared/right'
import { z } from 'zod'

const key = z.string().min(1).max(32)
const hours = z
  .int()
  .min(1)
  .max(24 * 90)
const payPercent = z.int().min(1).max(99)
const words = z.string().min(1).max(80)
const list = z.array(key).min(1).max(500)
const scope = z
  .strictObject({ skus: list.optional(), categories: list.optional(), exceptSkus: list.optional() })
  .nullish()
const fen = z.int().min(1).max(1_000_000)

/** A step says one thing, and each further one asks for more. */
const steps = z
  .array(
    z
      .strictObject({ from: z.int().min(1).max(10_000_000), payPercent: payPercent.optional(), offFen: fen.optional() })
      .refine((step) => (step.payPercent === undefined) !== (step.offFen === undefined), 'payPercent or offFen'),
  )
  .min(1)
  .max(10)
  .refine((all) => all.every(({ from }, n) => n === 0 || from > (all[n - 1]?.from ?? 0)), 'from rises')

/** What the payload of each kind must be. A price is made of it: what is odd must not be written in the first place. */
const PAYLOADS: { [Kind in RightKind]: z.ZodType<RightPayloads[Kind]> } = {
  member_price: z.strictObject({
    prices: z.record(key, fen).refine((prices) => Object.keys(prices).length > 0, 'no article'),
    maxPieces: z.int().min(1).max(999).nullish(),
  }),
  tier_discount: z.strictObject({ payPercent, scope }),
  volume_discount: z.strictObject({ by: z.enum(['pieces', 'amount']), steps, scope, group: key }),
  repurchase_discount: z.strictObject({ payPercent, withinDays: z.int().min(1).max(366), scope }),
  points_multiplier: z.strictObject({
    percent: z.int().min(101).max(1_000),
    weekdays: z.array(z.int().min(1).max(7)).min(1).max(7).optional(),
  }),
  early_access: z.strictObject({ hours }),
  limited_edition: z.strictObject({ rewardId: key }),
  birthday_gift: z.strictObject({ giftId: key }),
  service_manager: z.strictObject({
    name: z.string().min(1).max(20),
    wechatId: z.string().regex(/^[a-zA-Z][\w-]{5,19}$/),
    phone: z.string().regex(/^[\d-]{7,20}$/),
    hours: z.string().min(1).max(40),
    words,
  }),
  free_service: z.strictObject({ words }),
  trial_pack: z.strictObject({ giftId: key }),
}

/** A right as it is written down; `kind` says what the payload must be. */
const rightForm = z
  .strictObject({
    rightId: key,
    kind: z.enum(Object.keys(PAYLOADS) as [RightKind, ...RightKind[]]),
    title: z.string().min(1).max(20),
    words,
    tierFrom: z.int().min(1).max(6).nullable().default(null),
    honourId: key.nullable().default(null),
    quota: z.int().min(1).max(9_999).nullable().default(null),
    period: z.enum(['day', 'month', 'year', 'once']).nullable().default(null),
    payload: z.unknown(),
    startsAt: z.date(),
    endsAt: z.date().nullable().default(null),
    position: z.int().min(0).max(9_999).default(0),
  })
  .refine(({ quota, period }) => (quota === null) === (period === null), 'a quota has a period')
  .refine(({ kind, quota }) => kind !== 'points_multiplier' || quota === null, 'points multiply without a quota')
  .transform((right, ctx) => {
    const payload = PAYLOADS[right.kind].safeParse(right.payload)
    for (const issue of payload.error?.issues ?? [])
      ctx.addIssue({ code: 'custom', message: issue.message, path: ['payload', ...issue.path] })
    return { ...right, payload: payload.data as object }
  })

export type RightForm = z.input<typeof rightForm>

/** Rights as rows, when each is whole. @throws ZodError that names what is odd */
export const rightRows = (rights: readonly RightForm[]) => rights.map((right) => rightForm.parse(right))
