import { FIRST_TABLET_SEQUENCE, isKeepable, SYNC_ENTRIES } from '@huiyuan/shared/offline'
import { z } from 'zod'
import { fen, says, uuid, when } from './values'

const wantedFen = z.int().min(1).max(10_000_000)
export const requestId = says(
  uuid,
  'Names the command. Sent again with the same content, it changes nothing and is answered as before.',
)
export const orderNo = says(z.string().regex(/^\d{6}-[0-9A-Z]{8}$/), 'As printed on the slip.')
const visitId = uuid
export const visit = {
  visitId,
  memberRef: says(z.string().min(1).max(400), 'Opaque; as the visit was answered. Good for this visit alone.'),
}

/** What is bought: articles of the menu, an amount that was typed, or both. */
export const cart = {
  lines: says(
    z
      .array(z.strictObject({ sku: z.string().min(1).max(32), qty: z.int().min(1).max(99) }))
      .min(1)
      .max(60)
      .optional(),
    'Articles of the menu.',
  ),
  fullFen: says(wantedFen.optional(), 'An amount beside the menu, or all of it. In fen.'),
}
/** Cart and amount exclude each other nowhere, but one of them is there. */
export const hasCart = ({ lines, fullFen }: { lines?: unknown; fullFen?: unknown }) =>
  lines !== undefined || fullFen !== undefined

export const Visit = z
  .object({
    ...visit,
    method: says(z.enum(['code', 'member_no', 'phone', 'offline']), 'How the member was recognised.'),
    openedAt: when,
    expiresAt: when,
    maySpend: says(z.boolean(), 'Only who has shown a live code pays the member’s prices and uses coupons and points.'),
    sayAloud: says(z.array(z.string()), 'Sentences for the clerk.'),
    member: z.object({
      nameMasked: z.string(),
      phoneMasked: z.string().nullable(),
      memberNoLast4: z.string(),
      tier: z.int(),
      points: z.int(),
      growth: z.int(),
      nextTier: z.object({ tier: z.int(), needGrowth: z.int(), atGrowth: z.int() }).nullable(),
    }),
  })
  .meta({ id: 'Visit' })

const Refusal = says(
  z.object({ code: z.string(), detail: z.record(z.string(), z.unknown()) }).nullable(),
  'Why it cannot be used; null when it can.',
)

const ReceiptLine = z
  .object({
    rule: says(z.string(), '`tier_price`, `right:<id>`, `coupon:<id>` or `points`'),
    kind: z.string(),
    state: says(z.enum(['applied', 'refused', 'near']), '`near`: words say what is missing.'),
    title: z.string(),
    words: z.string(),
    offFen: fen,
  })
  .meta({ id: 'ReceiptLine' })

const PricedLine = z
  .object({
    lineNo: z.int(),
    sku: says(z.string().nullable(), 'Null for a typed amount.'),
    title: z.string(),
    qty: z.int(),
    unitFen: fen,
    fullFen: says(fen, 'By the menu.'),
    payableFen: fen,
  })
  .meta({ id: 'PricedLine' })

const Packet = says(z.object({ title: z.string() }).nullable(), 'The coupon that a paid order is thanked with.')

export const Quote = z
  .object({
    fullFen: says(fen, 'By the menu.'),
    payableFen: says(fen, 'What the customer pays; goes into the hold.'),
    offFen: fen,
    lines: z.array(PricedLine),
    receipt: z.array(ReceiptLine),
    couponIds: says(z.array(uuid), 'The coupons of this price; go into the hold.'),
    coupons: z.array(
      z.object({
        couponId: uuid,
        title: z.string(),
        expiresAt: when,
        offFen: fen,
        refusal: Refusal,
        chosen: z.boolean(),
      }),
    ),
    pointsPay: says(
      z.object({ used: z.int(), offFen: fen, mostPoints: z.int(), mostOffFen: fen }),
      'Points that pay; `used` goes into the hold.',
    ),
    exact: says(z.boolean(), 'Whether every combination of coupons was weighed.'),
    earnPercent: z.int(),
    points: says(z.int(), 'What paying would earn.'),
    growth: z.int(),
    activeAt: when,
    tierAfter: z.int(),
    words: z.array(z.string()),
    packet: Packet,
  })
  .meta({ id: 'Quote' })

export const HeldOrder = z
  .object({
    holdId: uuid,
    fullFen: fen,
    payableFen: fen,
    couponIds: z.array(uuid),
    pointsUsed: z.int(),
    pointsOffFen: fen,
    lines: z.array(PricedLine),
    receipt: z.array(ReceiptLine),
    expiresAt: says(when, 'Until then the price, its coupons and its points are kept.'),
  })
  .meta({ id: 'HeldOrder' })

export const SettledOrder = z
  .object({
    orderNo,
    fullFen: fen,
    amountFen: says(fen, 'What was paid.'),
    pointsUsed: z.int(),
    points: z.int(),
    growth: z.int(),
    activeAt: when,
    pointsAfter: z.object({ available: z.int(), pending: z.int() }),
    tierBefore: z.int(),
    tierAfter: z.int(),
    packet: z.object({ title: z.string(), expiresAt: when }).nullable(),
    settledAt: when,
  })
  .meta({ id: 'SettledOrder' })

export const ReturnedOrder = z
  .object({
    orderNo,
    refundedFen: says(fen, 'With this return.'),
    refundedTotalFen: says(fen, 'With all returns so far.'),
    leftFen: fen,
    points: says(
      z.object({ pending: z.int(), available: z.int(), debt: z.int() }),
      'What the member gave back of the points that were earned, and owes now.',
    ),
    pointsBack: says(z.int(), 'Points that had paid and came back.'),
    growth: z.int(),
    tierBefore: z.int(),
    tierAfter: z.int(),
  })
  .meta({ id: 'ReturnedOrder' })

export const Order = z
  .object({
    orderNo,
    tillId: z.string(),
    channel: z.string(),
    state: says(z.enum(['settled', 'returned']), '`returned`: all of it.'),
    fullFen: fen,
    amountFen: fen,
    refundedFen: fen,
    points: z.int(),
    pointsUsed: z.int(),
    settledAt: when,
    lines: z.array(
      z.object({
        lineNo: z.int(),
        sku: z.string().nullable(),
        title: z.string(),
        qty: z.int(),
        fullFen: fen,
        payableFen: fen,
        returnedQty: z.int(),
      }),
    ),
  })
  .meta({ id: 'Order' })

export const Menu = z
  .object({
    categories: z.array(z.object({ categoryId: z.string(), title: z.string() })),
    products: z.array(
      z.object({
        sku: z.string(),
        title: z.string(),
        subtitle: z.string(),
        category: z.string(),
        priceFen: fen,
        barcode: says(z.string().nullable(), 'EAN-13 of the pack; null where nothing is printed.'),
        star: z.boolean(),
        publicAt: when,
        state: says(z.enum(['on', 'early', 'soon']), '`soon`: not sold to everybody yet.'),
      }),
    ),
  })
  .meta({ id: 'Menu' })

/** Any way to write an instant. */
const anyTime = z.iso.datetime({ offset: true }).refine(isKeepable)
/** What was sold without a network. An amount that cannot be is a clash of its entry, no reason to refuse the others. */
export const offlineEntries = z
  .array(
    z.strictObject({
      sequence: says(
        z
          .int()
          .min(1)
          .max(FIRST_TABLET_SEQUENCE - 1),
        'Counted by the till, never used twice: by it each sale is taken into account once.',
      ),
      code: says(z.string().min(1).max(600), 'All that the scanner read.'),
      scannedAt: anyTime,
      soldAt: anyTime,
      amountFen: z.int32(),
    }),
  )
  .min(1)
  .max(SYNC_ENTRIES)

export const Synced = z
  .object({
    results: z.array(
      z.object({
        sequence: z.int(),
        state: says(
          z.enum(['settled', 'clash', 'dismissed']),
          '`clash`: a manager looks at it; nothing is to be sent again.',
        ),
        clash: says(z.string().optional(), 'Why, as one word.'),
        orderNo: orderNo.optional(),
        points: z.int().optional(),
      }),
    ),
  })
  .meta({ id: 'Synced' })

const event = <S extends z.ZodRawShape>(type: string, data: S) =>
  z.object({ type: z.literal(type), timestamp: when, data: z.object(data) })
const ofOrder = { orderNo, storeId: z.string(), tillId: z.string() }

/** What a store's systems are told, by the event's name. */
export const WEBHOOK_BODIES = {
  'order.settled': event('order.settled', {
    ...ofOrder,
    channel: z.string(),
    fullFen: fen,
    amountFen: fen,
    points: z.int(),
    settledAt: when,
  }),
  'order.returned': event('order.returned', {
    ...ofOrder,
    nth: says(z.int(), 'Which return of the order it is, from 1.'),
    refundedFen: fen,
    refundedTotalFen: fen,
    leftFen: fen,
    returnedAt: when,
  }),
}
