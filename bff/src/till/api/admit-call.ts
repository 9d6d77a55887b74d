import type { House } from '../../ctx'
import { refuse } from '../../refusal'
import { remembered } from '../../remembered'
import type { AtWork } from '../../staff'
import { isSignature, type SignedCall } from './signature'

/** The four headers that every call carries. */
export const SIGNING_HEADERS = ['huiyuan-key', 'huiyuan-time', 'huiyuan-nonce', 'huiyuan-signature'] as const

export type Headers = Record<string, string | string[] | undefined>

export interface AdmittedTill extends AtWork {
  tillId: string
  keyId: string
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const FORMS = { time: /^\d{1,12}$/, nonce: /^[A-Za-z0-9_-]{16,64}$/, signature: /^[0-9a-f]{64}$/ }

/** A key's secret never changes; whether the key still stands is asked with each call. */
const secrets = remembered<string>()
const SECRET_TRUST_MS = 60_000

/** The key that a call names, by which it is counted before anything is looked up. @throws KEY_UNKNOWN */
export function keyIdOf(headers: Headers): string {
  const keyId = headers['huiyuan-key']
  return typeof keyId === 'string' && UUID.test(keyId) ? keyId : refuse('KEY_UNKNOWN')
}

/**
 * Lets a signed call in, once: its time is near ours, in both directions, the signature fits all of it, the key stands, and
 * the nonce has not been there.
 * @throws KEY_UNKNOWN, SIGNATURE_BAD, SIGNATURE_OLD, SIGNATURE_REPLAYED
 */
export async function admitCall(
  house: House,
  headers: Headers,
  call: Pick<SignedCall, 'method' | 'path' | 'body'>,
): Promise<AdmittedTill> {
  const keyId = keyIdOf(headers)
  const time = headerOf(headers, 'time')
  const nonce = headerOf(headers, 'nonce')
  const signature = headerOf(headers, 'signature')
  const now = house.now()
  if (Math.abs(now.getTime() / 1_000 - Number(time)) > house.policy.tillWindowSeconds)
    return refuse('SIGNATURE_OLD', { serverNow: now.getTime() })
  const secret = await secretOf(house, keyId)
  if (!isSignature(secret, { ...call, time, nonce }, signature)) return refuse('SIGNATURE_BAD')
  const till = await house.sql<{ storeId: string; tillId: string }>('till_admit', { keyId, nonce, at: now })
  return { memberId: keyId, keyId, ...till }
}

function headerOf(headers: Headers, name: keyof typeof FORMS): string {
  const text = headers[`huiyuan-${name}`]
  return typeof text === 'string' && FORMS[name].test(text) ? text : refuse('SIGNATURE_BAD')
}

async function secretOf(house: House, keyId: string): Promise<string> {
  const known = secrets.recall(house, keyId)
  if (known) return known
  const row = await house.prisma.tillKey.findUnique({
    where: { keyId, revokedAt: null },
    select: { secretSealed: true },
  })
  if (!row) return refuse('KEY_UNKNOWN')
  const secret = house.keys.openText(row.secretSealed)
  secrets.keep(house, keyId, secret, house.now().getTime() + SECRET_TRUST_MS)
  return secret
}

/** A signed call may come again for as long as its time is accepted: it may have been signed ahead and read late. */
export async function forgetNonces(house: Pick<House, 'prisma' | 'now' | 'policy'>): Promise<number> {
  const before = new Date(house.now().getTime() - 3 * house.policy.tillWindowSeconds * 1_000)
  return (await house.prisma.tillNonce.deleteMany({ where: { at: { lt: before } } })).count
}
