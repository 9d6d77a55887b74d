import { randomUUID } from 'node:crypto'
import type { Cast, ProcedureCase } from './procedure-cases.fixture'

const requestId = () => randomUUID()

/** A visit of another shop, and a customer who is not the one of this visit. */
export const elsewhere = (more: () => Record<string, unknown> = () => ({})) => ({
  visitId: { input: ({ foreignVisit }: Cast) => ({ ...foreignVisit, ...more() }), answer: 'VISIT_UNKNOWN' },
  memberRef: {
    input: ({ visit, foreignVisit }: Cast) => ({ ...visit, memberRef: foreignVisit.memberRef, ...more() }),
    answer: 'VISIT_UNKNOWN',
  },
})

const paid = () => ({ requestId: requestId(), amountFen: 100 })
const held = () => ({ requestId: requestId(), holdId: randomUUID() })
const priced = () => ({ requestId: requestId(), fullFen: 10_000, couponIds: [], points: 0, payableFen: 9_800 })

export const ORDER_CASES: Record<string, ProcedureCase> = {
  'product.window': { for: 'anybody', input: () => undefined },
  'product.list': { for: 'member', input: () => undefined },
  'order.facts': { for: 'member', input: () => undefined },
  'order.preview': {
    for: 'member',
    input: () => ({ fullFen: 100, lines: [{ sku: 'longjing_hot', qty: 1 }], coupons: 'best', points: 0 }),
    foreign: {
      coupons: { input: () => ({ fullFen: 100, coupons: [randomUUID()] }), answer: 'NOT_FOUND' },
    },
  },
  'order.quote': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, fullFen: 100, coupons: 'best' }),
    foreign: elsewhere(() => ({ fullFen: 100 })),
  },
  'order.hold': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...priced() }),
    foreign: {
      ...elsewhere(priced),
      couponIds: {
        input: ({ visit, foreign }) => ({ ...visit, ...priced(), couponIds: [foreign.couponId] }),
        answer: 'NOT_FOUND',
      },
    },
  },
  'order.release': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...held() }),
    foreign: {
      ...elsewhere(held),
      holdId: { input: ({ visit, foreign }) => ({ ...visit, ...held(), holdId: foreign.holdId }), answer: 'HOLD_OVER' },
    },
  },
  'order.settle': {
    for: 'clerk',
    input: ({ visit }) => ({ ...visit, ...paid() }),
    foreign: {
      ...elsewhere(paid),
      holdId: { input: ({ visit, foreign }) => ({ ...visit, ...held(), holdId: foreign.holdId }), answer: 'HOLD_OVER' },
    },
  },
  'order.recent': { for: 'clerk', input: ({ visit }) => visit, foreign: elsewhere() },
  'order.return': {
    for: 'clerk',
    input: () => ({ requestId: requestId(), orderRef: 'bm90LWEtcmVmZXJlbmNl', refundFen: 100 }),
    foreign: {
      // an order of another shop whose customer does not stand here
      orderRef: {
        input: ({ foreign }) => ({ requestId: requestId(), orderRef: foreign.orderRef }),
        answer: 'VISIT_UNKNOWN',
      },
      'lines.lineNo': {
        input: ({ foreign }) => ({
          requestId: requestId(),
          orderRef: foreign.orderRef,
          lines: [{ lineNo: 9, qty: 1 }],
        }),
        answer: 'VISIT_UNKNOWN',
      },
    },
  },
  'order.shift': {
    for: 'clerk',
    input: () => ({}),
    foreign: { cursor: { input: () => ({ cursor: `${Date.now()}_${randomUUID()}` }), answer: 'BAD_INPUT' } },
  },
}
