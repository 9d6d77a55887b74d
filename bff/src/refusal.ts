import { FAULTS, type Fault, type FaultCode, fault, isFaultCode } from '@huiyuan/shared/faults'

/** A fault on its way out. Its message is the code; nothing else of it is meant for a log. */
export class Refusal extends Error {
  constructor(readonly fault: Fault) {
    super(fault.code)
  }
  get trpcCode() {
    return FAULTS[this.fault.code]
  }
}

/** Throws a fault: `refuse('VISIT_OVER')`, `refuse('CLAIM_WRONG', { triesLeft: 2 })`. */
export function refuse<C extends FaultCode>(...of: Parameters<typeof fault<C>>): never {
  throw new Refusal(fault<C>(...of))
}

/** SQLSTATE that `refuse()` of the database raises with, see prisma/functions/request.sql. */
const REFUSED = 'HY001'
/** SQLSTATE of a setting that does not fit, for whoever runs the servers, see prisma/functions/key.sql. */
const WRONG_SETTING = 'HY003'
const LOCK_TROUBLE = new Set(['40001', '40P01', '55P03'])
/** Text that PostgreSQL cannot hold: a NUL, half of a surrogate pair. */
const UNSTORABLE = new Set(['22021', '22P05'])
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2037',
])
const AWAY_WORDS =
  /connection terminated|timeout exceeded when trying to connect|server closed the connection|ECONNREFUSED|not queryable|the database system is|Unable to start a transaction in the given time/i

interface DatabaseTrouble {
  code: string | undefined
  message: string
  detail: string | undefined
}

/** Errors come from `pg` as they are and from Prisma wrapped twice; the innermost has the SQLSTATE. */
function troubleOf(error: unknown): DatabaseTrouble {
  const seen = { code: undefined as string | undefined, message: '', detail: undefined as string | undefined }
  for (let at = error, depth = 0; at && typeof at === 'object' && depth < 6; depth++) {
    const layer = at as Record<string, unknown>
    const code = layer.originalCode ?? layer.code
    if (typeof code === 'string') seen.code = code
    const message = layer.originalMessage ?? layer.message
    if (typeof message === 'string') seen.message = message
    if (typeof layer.detail === 'string') seen.detail = layer.detail
    at = layer.cause ?? (layer.meta as Record<string, unknown> | undefined)?.driverAdapterError
  }
  return seen
}

function parsed(detail: string | undefined): unknown {
  try {
    return JSON.parse(detail ?? '{}')
  } catch {
    return {}
  }
}

/** What the database said, as a Refusal where it is one; anything else comes back as it was. */
export function toRefusal(error: unknown): unknown {
  if (error instanceof Refusal) return error
  const { code, message, detail } = troubleOf(error)
  if (code === REFUSED && isFaultCode(message)) return new Refusal({ code: message, detail: parsed(detail) } as Fault)
  // by itself, since the log keeps one line of an error and Prisma's own words come first
  if (code === WRONG_SETTING) return new Error(message)
  if (code && LOCK_TROUBLE.has(code)) return new Refusal(fault('BUSY'))
  if ((code && AWAY.has(code)) || AWAY_WORDS.test(message)) return new Refusal(fault('SERVICE_AWAY'))
  if (code && (UNSTORABLE.has(code) || (code === '22P02' && /type json/.test(message))))
    return new Refusal(fault('BAD_INPUT', { fields: [{ path: '', problem: 'characters' }] }))
  return error
}

/** Runs `work` once more when the first try met a lock or a merge. Only for work that is safe to repeat. */
export async function twiceWhenBusy<T>(work: (again: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(false)
  } catch (error) {
    if (error instanceof Refusal && error.fault.code === 'BUSY') return work(true)
    throw error
  }
}
