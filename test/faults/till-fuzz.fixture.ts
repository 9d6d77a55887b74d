import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { Database } from '../../bff/src/db'
import { COMMON_FAULTS, PROCEDURES, type Procedure, statusOf } from '../../bff/src/till/api/router'
import { signCall, type TillKey, thisMoment } from '../till-client/sign'
import { fieldsOf, placed } from './input-fields.fixture'

/** A key, a webhook and something that was told to it, of the store `xihu`. */
export async function addForeignTill({ prisma }: Database) {
  const [keyId, webhookId, deliveryId] = [randomUUID(), randomUUID(), randomUUID()]
  const by = { storeId: 'xihu', secretSealed: Buffer.alloc(40, 1), createdBy: randomUUID(), createdAt: new Date() }
  await prisma.tillKey.create({ data: { ...by, keyId, tillId: 'xihu-1', label: '走查' } })
  await prisma.webhook.create({ data: { ...by, webhookId, url: 'http://127.0.0.1:9/', events: ['order.settled'] } })
  const told = { event: 'order.settled', payload: {}, state: 'given_up', nextAt: new Date(), createdAt: new Date() }
  await prisma.webhookDelivery.create({ data: { ...told, deliveryId, webhookId } })
  return { keyId, webhookId, deliveryId }
}

interface Answer {
  status: number
  text: string
}

/** What a till would send of each operation, so that a field alone can be wrong. */
const REAL: Record<string, () => object> = {
  scanVisit: () => ({ code: '900000000000000000' }),
  findVisit: () => ({ memberNo: '8000000000000000' }),
  quote: () => ({ lines: [{ sku: 'black_milk', qty: 1 }], coupons: 'best', points: 0 }),
  hold: () => ({ lines: [{ sku: 'black_milk', qty: 1 }], couponIds: [], points: 0, payableFen: 1_900 }),
  release: () => ({ holdId: randomUUID() }),
  settle: () => ({ amountFen: 100 }),
  refund: () => ({ orderNo: '261122-00000000', refundFen: 1 }),
  syncOffline: () => ({
    entries: [{ sequence: 1, code: '900000000000000000', scannedAt: time, soldAt: time, amountFen: 100 }],
  }),
}
const time = '2026-11-22T04:00:00.000Z'
const BAD = [
  'x'.repeat(100_000),
  { $gt: '' },
  -1e300,
  ['\u0000'],
  'a\u0000b',
  '\ud800',
  '0000-01-01T00:00:00Z',
  "'; DROP TABLE member; --",
]
const NONSENSE = [null, 7, 'text', true, [], [[]], { requestId: 7 }, { requestId: 'x'.repeat(100_000) }]

/**
 * Sends everything that does not fit, signed as it should be, to every operation. `judge` sees each answer; a refusal is one
 * that the document promises.
 */
export async function fuzzTill(url: string, key: TillKey, visit: object, judge: (answer: Answer) => void) {
  const ask = async (procedure: Procedure, input: unknown) => {
    const { method, path } = procedure.operation
    const body = method === 'GET' ? '' : JSON.stringify(input)
    const orderNo = encodeURIComponent(
      JSON.stringify((input as { orderNo?: unknown } | null)?.orderNo ?? '')
        .replace(/^"|"$/g, '')
        .slice(0, 1_000),
    )
    const call = { method, path: `/api/v1${path.replace('{orderNo}', orderNo)}`, body }
    const headers = signCall(key, call, thisMoment())
    const answer = await fetch(`${url}${call.path}`, { method, headers, ...(body ? { body } : {}) })
    const text = await answer.text()
    judge({ status: answer.status, text })
    const code = (JSON.parse(text) as { fault?: { code: Procedure['operation']['faults'][number] } }).fault?.code
    if (!code) return
    const { faults } = procedure.operation
    expect([...COMMON_FAULTS, 'NOT_FOUND', ...faults]).toContain(code)
    expect([code, answer.status]).toEqual([code, statusOf(code)])
  }
  for (const procedure of PROCEDURES) {
    const fields = fieldsOf(procedure.input)
    const real = () => pick({ requestId: randomUUID(), ...visit, ...REAL[procedure.name]?.() }, fields)
    await ask(procedure, real())
    if (fields.length === 0) continue
    for (const nonsense of NONSENSE) await ask(procedure, nonsense)
    for (const field of fields) for (const bad of BAD) await ask(procedure, placed(real(), field, bad))
    const anything = fc.tuple(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(...fields))
    for (const [value, field] of fc.sample(anything, 6)) await ask(procedure, placed(real(), field, value))
  }
}

const pick = (from: Record<string, unknown>, fields: string[]) => {
  const names = new Set(fields.map((field) => field.split('.')[0]))
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name)))
}
