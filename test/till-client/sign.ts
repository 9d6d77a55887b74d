import { createHash, createHmac, randomBytes } from 'node:crypto'

/** As the manager of the store was shown it, once. */
export interface TillKey {
  keyId: string
  secret: string
}

export interface Call {
  method: 'GET' | 'POST'
  /** With its query, as it is sent: `/api/v1/orders/quote`. */
  path: string
  /** The very text that is sent; empty for a GET. */
  body: string
}

/** What makes each signature another one. */
export interface Moment {
  /** Epoch seconds. */
  time: number
  /** 16 to 64 letters, digits, `-` or `_`, never the same twice. */
  nonce: string
}

export const thisMoment = (clockOffMs = 0): Moment => ({
  time: Math.floor((Date.now() + clockOffMs) / 1_000),
  nonce: randomBytes(16).toString('base64url'),
})

/** The four headers of a signed call. */
export function signCall({ keyId, secret }: TillKey, { method, path, body }: Call, { time, nonce }: Moment) {
  const bodyHash = createHash('sha256').update(body, 'utf8').digest('hex')
  const text = ['v1', method, path, time, nonce, bodyHash].join('\n')
  return {
    'huiyuan-key': keyId,
    'huiyuan-time': String(time),
    'huiyuan-nonce': nonce,
    'huiyuan-signature': createHmac('sha256', secret).update(text, 'utf8').digest('hex'),
  }
}
