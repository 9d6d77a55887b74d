import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** What a till system signs of a call. */
export interface SignedCall {
  method: string
  /** As it was asked for, with its query: `/api/v1/orders/261122-7K3MQ0XW`. */
  path: string
  /** Epoch seconds, as text. */
  time: string
  nonce: string
  /** The bytes as they travel; none for a GET. */
  body: Uint8Array
}

/** The six lines under the signature. The body stands there by its hash, so that a proxy may look at the text. */
const signedText = ({ method, path, time, nonce, body }: SignedCall): string =>
  ['v1', method, path, time, nonce, createHash('sha256').update(body).digest('hex')].join('\n')

const macOf = (secret: string, call: SignedCall): Buffer =>
  createHmac('sha256', secret).update(signedText(call)).digest()

/** Whether this is the signature of the call, 64 hex digits; takes the same time for every wrong one. */
export function isSignature(secret: string, call: SignedCall, signature: string): boolean {
  const given = Buffer.from(signature, 'hex')
  const mac = macOf(secret, call)
  return given.length === mac.length && timingSafeEqual(given, mac)
}
