import { type Call, signCall, type TillKey, thisMoment } from './sign'

/** Why the member centre did not do it. `code` is stable; `detail` has numbers and dates where the way out needs them. */
export class TillRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: Record<string, unknown>,
  ) {
    super(code)
  }
}

/** Fen of a Yuan throughout: 6800 is 68.00. */
type Fen = number

export interface Visit {
  visitId: string
  memberRef: string
  expiresAt: string
  maySpend: boolean
  sayAloud: string[]
  member: { nameMasked: string; memberNoLast4: string; tier: number; points: number }
}

/** Articles of the menu, a typed amount, or both. */
export interface Cart {
  lines?: { sku: string; qty: number }[]
  fullFen?: Fen
}

export interface PricedLine {
  lineNo: number
  sku: string | null
  title: string
  qty: number
  fullFen: Fen
  payableFen: Fen
}

export interface ReceiptLine {
  state: 'applied' | 'refused' | 'near'
  title: string
  words: string
  offFen: Fen
}

export interface Quote {
  fullFen: Fen
  payableFen: Fen
  lines: PricedLine[]
  receipt: ReceiptLine[]
  couponIds: string[]
  pointsPay: { used: number; offFen: Fen }
  /** What paying would earn. */
  points: number
}

export interface Hold {
  holdId: string
  payableFen: Fen
  expiresAt: string
}

export interface Settled {
  orderNo: string
  amountFen: Fen
  points: number
  settledAt: string
}

export interface Refunded {
  orderNo: string
  refundedFen: Fen
  leftFen: Fen
}

export interface Order {
  orderNo: string
  state: 'settled' | 'returned'
  amountFen: Fen
  refundedFen: Fen
  lines: (PricedLine & { returnedQty: number })[]
}

export interface Menu {
  products: { sku: string; title: string; priceFen: Fen; barcode: string | null; state: 'on' | 'early' | 'soon' }[]
}

/** What was sold without a network; `sequence` is counted by the till and never used twice. */
export interface OfflineEntry {
  sequence: number
  code: string
  scannedAt: string
  soldAt: string
  amountFen: Fen
}

export interface OfflineResult {
  sequence: number
  state: 'settled' | 'clash' | 'dismissed'
  clash?: string
  orderNo?: string
}

type OfVisit = Pick<Visit, 'visitId' | 'memberRef'>

export interface TillSettings {
  /** `https://member.example.com` */
  url: string
  key: TillKey
  fetch?: typeof fetch
  /** How often a call is tried when nobody answers, or the member centre is busy. */
  tries?: number
}

const WAIT_MS = 300
/** Faults after which the same command may simply be sent again. */
const AGAIN = ['BUSY', 'SERVICE_AWAY']

/**
 * A till's line to the member centre. Every command takes a `requestId` which the caller draws once and keeps with the sale:
 * the same command with the same id is done once, however often it is sent.
 */
export function openTill({ url, key, fetch: send = fetch, tries = 4 }: TillSettings) {
  let clockOffMs = 0

  /** One signed attempt. Each attempt is signed afresh, since a signature is good once. */
  async function attempt<Answer>(method: Call['method'], path: string, input?: unknown): Promise<Answer> {
    const body = input === undefined ? '' : JSON.stringify(input)
    const call: Call = { method, path: `/api/v1${path}`, body }
    const answer = await send(`${url}${call.path}`, {
      method,
      headers: {
        ...signCall(key, call, thisMoment(clockOffMs)),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body } : {}),
    })
    const told = await answer.json()
    if (answer.ok) return told as Answer
    const { code, detail } = (told as { fault: { code: string; detail: Record<string, unknown> } }).fault
    throw new TillRefusal(answer.status, code, detail)
  }

  async function ask<Answer>(method: Call['method'], path: string, input?: unknown): Promise<Answer> {
    for (let left = tries; ; left--) {
      try {
        return await attempt(method, path, input)
      } catch (error) {
        if (left <= 1) throw error
        if (error instanceof TillRefusal) {
          // our clock is off: take the server's
          if (error.code === 'SIGNATURE_OLD') clockOffMs = Number(error.detail.serverNow) - Date.now()
          else if (!AGAIN.includes(error.code)) throw error
        }
        await new Promise((go) => setTimeout(go, WAIT_MS * (1 + Math.random())))
      }
    }
  }

  return {
    scanVisit: (input: { requestId: string; code: string }) => ask<Visit>('POST', '/visits/scan', input),
    findVisit: (input: { requestId: string } & ({ memberNo: string } | { phone: string })) =>
      ask<Visit>('POST', '/visits/find', input),
    listProducts: () => ask<Menu>('GET', '/products'),
    quote: (input: OfVisit & Cart & { coupons?: 'best' | 'none' | string[]; points?: number | 'most' }) =>
      ask<Quote>('POST', '/orders/quote', input),
    hold: (input: OfVisit & Cart & { requestId: string; couponIds: string[]; points: number; payableFen: Fen }) =>
      ask<Hold>('POST', '/orders/hold', input),
    release: (input: OfVisit & { requestId: string; holdId: string }) =>
      ask<{ released: boolean }>('POST', '/orders/release', input),
    settle: (input: OfVisit & { requestId: string } & ({ holdId: string } | { amountFen: Fen })) =>
      ask<Settled>('POST', '/orders/settle', input),
    refund: (input: {
      requestId: string
      orderNo: string
      refundFen?: Fen
      lines?: { lineNo: number; qty: number }[]
    }) => ask<Refunded>('POST', '/orders/refund', input),
    getOrder: (orderNo: string) => ask<Order>('GET', `/orders/${encodeURIComponent(orderNo)}`),
    syncOffline: (input: { requestId: string; entries: OfflineEntry[] }) =>
      ask<{ results: OfflineResult[] }>('POST', '/offline/sync', input),
  }
}

export type Till = ReturnType<typeof openTill>
