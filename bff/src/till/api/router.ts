import type { Fault, FaultCode } from '@huiyuan/shared/faults'
import { FAULTS } from '@huiyuan/shared/faults'
import { callTRPCProcedure, initTRPC, TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { z } from 'zod'
import type { Ctx } from '../../ctx'
import { syncOffline } from '../../offline'
import { findOrder, holdOrder, quoteOrder, releaseHold, returnOrder, settleOrder } from '../../order'
import { showMenu } from '../../product'
import { faultOf } from '../../trpc'
import { findVisit, scanVisit } from '../../visit'
import type { AdmittedTill } from './admit-call'
import {
  cart,
  HeldOrder,
  hasCart,
  Menu,
  Order,
  offlineEntries,
  orderNo,
  Quote,
  ReturnedOrder,
  requestId,
  SettledOrder,
  Synced,
  Visit,
  visit,
} from './schemas'
import { uuid } from './values'

/** What a till's call brings when it has been let in. */
interface TillContext {
  verb: Ctx
  till: AdmittedTill
}

/** How a procedure is reached, and what the document says of it. */
export interface Operation {
  method: 'GET' | 'POST'
  path: `/${string}`
  summary: string
  description?: string
  /** Beside those that every call can meet. */
  faults: FaultCode[]
}

const t = initTRPC.context<TillContext>().meta<Operation>().create({ isDev: false })
const operation = (meta: Operation) => t.procedure.meta(meta)

const OF_A_VISIT = ['VISIT_UNKNOWN', 'VISIT_OVER', 'REQUEST_REUSED'] as const
const OF_A_CART = ['AMOUNT_INVALID', 'PRODUCT_UNKNOWN', 'PRODUCT_NOT_OPEN', 'PRODUCT_OVER', 'NOT_FOUND'] as const
const OF_A_PRICE = [
  ...['CODE_NEEDED', 'QUOTE_CHANGED', 'COUPON_TAKEN', 'COUPON_SHORT', 'COUPON_OVER', 'COUPON_NOT_OPEN'],
  ...['COUPON_STACK', 'COUPON_SCOPE', 'POINTS_SHORT', 'POINTS_CAP', 'IN_DEBT', 'RIGHT_USED_UP'],
] as FaultCode[]
const code = z.string().min(1).max(600).meta({ description: 'What the scanner read from the member’s phone.' })
const couponIds = z.array(uuid).max(10)
const points = z.int().min(0).max(10_000_000)
const amountFen = z.int().min(0).max(10_000_000)
const exactlyOne = (one: unknown, other: unknown) => (one === undefined) !== (other === undefined)

/** What a till system can ask for: the verbs of the counter, as a clerk at the key's till. */
const visits = {
  scanVisit: operation({
    method: 'POST',
    path: '/visits/scan',
    summary: 'Open a visit by the code on the member’s phone',
    description: 'The code is good once. Everything else of the sale goes with the visit, for some minutes.',
    faults: ['CODE_MALFORMED', 'CODE_WRONG', 'CODE_OLD', 'CODE_USED', 'CODE_LOCKED', 'TILL_LOCKED', 'REQUEST_REUSED'],
  })
    .input(z.strictObject({ requestId, code }))
    .output(Visit)
    .mutation(({ ctx: { verb, till }, input }) => scanVisit(verb, till, { ...input, tillId: till.tillId })),
  findVisit: operation({
    method: 'POST',
    path: '/visits/find',
    summary: 'Open a visit by a member or card number, or by a phone number',
    description: 'One of the two. Such a visit earns; it does not spend.',
    faults: ['MEMBER_UNKNOWN', 'PHONE_INVALID', 'TILL_LOCKED', 'REQUEST_REUSED'],
  })
    .input(
      z
        .strictObject({
          requestId,
          memberNo: z.string().min(1).max(32).optional(),
          phone: z.string().min(5).max(24).optional(),
        })
        .refine(({ memberNo, phone }) => exactlyOne(memberNo, phone)),
    )
    .output(Visit)
    .mutation(({ ctx: { verb, till }, input: { requestId, memberNo, phone } }) => {
      const at = { requestId, tillId: till.tillId }
      return findVisit(verb, till, memberNo === undefined ? { ...at, phone: phone as string } : { ...at, memberNo })
    }),
}

const sales = {
  listProducts: operation({
    method: 'GET',
    path: '/products',
    summary: 'The menu with its prices',
    faults: [],
  })
    .output(Menu)
    .query(({ ctx }) => showMenu(ctx.verb)),
  quote: operation({
    method: 'POST',
    path: '/orders/quote',
    summary: 'What a cart costs this member, and why',
    description: 'Reserves and writes nothing. `lines`, `fullFen`, or both.',
    faults: [...OF_A_VISIT, ...OF_A_CART, 'CODE_NEEDED'],
  })
    .input(
      z
        .strictObject({
          ...visit,
          ...cart,
          coupons: z
            .union([z.enum(['best', 'none']), couponIds])
            .default('best')
            .meta({ description: 'The best combination, none, or these.' }),
          points: z
            .union([z.literal('most'), points])
            .default(0)
            .meta({ description: 'How many points shall pay; at most so many are taken as may.' }),
        })
        .refine(hasCart),
    )
    .output(Quote)
    .mutation(({ ctx, input }) => quoteOrder(ctx.verb, ctx.till, input)),
  hold: operation({
    method: 'POST',
    path: '/orders/hold',
    summary: 'Fix a quoted price and keep its coupons and points aside',
    description: 'Before the customer pays. Given up by itself when it expires.',
    faults: [...OF_A_VISIT, ...OF_A_CART, ...OF_A_PRICE],
  })
    .input(
      z
        .strictObject({
          requestId,
          ...visit,
          ...cart,
          couponIds,
          points,
          payableFen: amountFen.meta({ description: 'As it was quoted; any other price is refused.' }),
        })
        .refine(hasCart),
    )
    .output(HeldOrder)
    .mutation(({ ctx, input }) => holdOrder(ctx.verb, ctx.till, input)),
  release: operation({
    method: 'POST',
    path: '/orders/release',
    summary: 'Give a hold up',
    description: '`released` is false when it has been paid meanwhile.',
    faults: ['VISIT_UNKNOWN', 'HOLD_OVER', 'REQUEST_REUSED'],
  })
    .input(z.strictObject({ requestId, ...visit, holdId: uuid }))
    .output(z.object({ released: z.boolean() }))
    .mutation(({ ctx, input }) => releaseHold(ctx.verb, ctx.till, input)),
}

const books = {
  settle: operation({
    method: 'POST',
    path: '/orders/settle',
    summary: 'Take what was paid into account: order, points, growth, tier',
    description: 'After the customer has paid: a hold, or an amount where none of its price came from a quote.',
    faults: [...OF_A_VISIT, 'AMOUNT_INVALID', 'HOLD_OVER'],
  })
    .input(
      z
        .strictObject({
          requestId,
          ...visit,
          holdId: uuid.optional(),
          amountFen: amountFen.optional(),
          payer: z.string().min(1).max(64).optional().meta({
            description:
              'The payer as your payment provider names them. Kept as a hash, to tell rewarded friends who share one.',
          }),
        })
        .refine(({ holdId, amountFen }) => exactlyOne(holdId, amountFen)),
    )
    .output(SettledOrder)
    .mutation(({ ctx, input: { holdId, amountFen, ...of } }) =>
      settleOrder(
        ctx.verb,
        ctx.till,
        holdId === undefined ? { ...of, amountFen: amountFen as number } : { ...of, holdId },
      ),
    ),
  getOrder: operation({
    method: 'GET',
    path: '/orders/{orderNo}',
    summary: 'An order of the own store by the number on its slip',
    faults: ['NOT_FOUND'],
  })
    .input(z.strictObject({ orderNo }))
    .output(Order)
    .query(({ ctx, input }) => findOrder(ctx.verb, ctx.till, input.orderNo)),
  refund: operation({
    method: 'POST',
    path: '/orders/refund',
    summary: 'Take an order of the own store back, whole or in part',
    description:
      'An amount, or pieces of lines; all that is left when neither is named. As often as something is left.',
    faults: ['NOT_FOUND', 'RETURN_DONE', 'RETURN_OVER', 'RETURN_TOO_MUCH', 'RETURN_LINE', 'REQUEST_REUSED'],
  })
    .input(
      z
        .strictObject({
          requestId,
          orderNo,
          refundFen: z.int().min(1).max(10_000_000).optional(),
          lines: z
            .array(z.strictObject({ lineNo: z.int().min(1).max(99), qty: z.int().min(1).max(99) }))
            .min(1)
            .max(60)
            .optional(),
        })
        .refine(({ refundFen, lines }) => refundFen === undefined || lines === undefined),
    )
    .output(ReturnedOrder)
    .mutation(async ({ ctx, input: { orderNo, ...of } }) => {
      const { orderRef } = await findOrder(ctx.verb, ctx.till, orderNo)
      return returnOrder(ctx.verb, ctx.till, { ...of, orderRef })
    }),
}

const offline = {
  syncOffline: operation({
    method: 'POST',
    path: '/offline/sync',
    summary: 'Take into account what was sold without a network',
    description:
      'Each entry is decided once, by its sequence: send what was not answered again, in any order and parts, until it is.',
    faults: ['REQUEST_REUSED'],
  })
    .input(z.strictObject({ requestId, entries: offlineEntries }))
    .output(Synced)
    .mutation(({ ctx: { verb, till }, input }) => syncOffline(verb, till, { ...input, tillId: till.tillId })),
}

export const tillApi = t.router({ ...visits, ...sales, ...books, ...offline })

/** Faults that every call can meet. */
export const COMMON_FAULTS: FaultCode[] = [
  ...(['KEY_UNKNOWN', 'SIGNATURE_BAD', 'SIGNATURE_OLD', 'SIGNATURE_REPLAYED', 'BAD_INPUT', 'TOO_LARGE'] as const),
  ...(['TOO_MANY', 'BUSY', 'SERVICE_AWAY', 'UNKNOWN'] as const),
]

export interface Procedure {
  name: string
  type: 'query' | 'mutation'
  operation: Operation
  input: z.ZodObject | undefined
  output: z.ZodType
}

/** Every operation with its schemas. */
export const PROCEDURES: Procedure[] = Object.entries(tillApi._def.procedures).map(([name, { _def }]) => {
  const { inputs, output } = _def as unknown as { inputs: z.ZodObject[]; output: z.ZodType }
  return { name, type: _def.type as Procedure['type'], operation: _def.meta as Operation, input: inputs[0], output }
})

export const statusOf = (code: FaultCode): number => getHTTPStatusCodeFromError(new TRPCError({ code: FAULTS[code] }))

export interface Told {
  status: number
  body: unknown
}

/** Any error as it is told; what is unknown stays inside. */
export const errorTold = (error: unknown, rid: string): Told => refusalTold(faultOf(error, rid))

export const refusalTold = (fault: Fault): Told => ({ status: statusOf(fault.code), body: { fault } })

/** Runs one operation. Whatever goes wrong is told as a fault; what nobody foresaw stays in the log. */
export async function callOperation(
  { name, type }: Procedure,
  ctx: TillContext,
  input: unknown,
  rid: string,
): Promise<Told> {
  try {
    const signal = new AbortController().signal
    const getRawInput = async () => input
    const body = await callTRPCProcedure({ router: tillApi, path: name, getRawInput, ctx, type, signal, batchIndex: 0 })
    return { status: 200, body }
  } catch (error) {
    const fault = faultOf(error, rid)
    if (fault.code === 'UNKNOWN') ctx.verb.log.error({ path: name, err: error }, 'verb failed')
    return refusalTold(fault)
  }
}
