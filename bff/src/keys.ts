import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Purposes that each get their own key, derived from the master key by HKDF-SHA256 (RFC 5869). */
type Purpose = 'data' | 'phone' | 'sms' | 'access' | 'guest' | 'refresh' | 'handle' | 'body'

const SEAL_VERSION = 1

export interface Keys {
  /** A raw 32-byte key for one purpose. */
  key(purpose: Purpose): Uint8Array
  /** Keyed hash in hex, for look-up of what must not be readable at rest. */
  hash(purpose: Purpose, text: string): string
  /** AES-256-GCM: version byte, 12-byte nonce, 16-byte tag, ciphertext. */
  seal(plain: string | Uint8Array): Uint8Array<ArrayBuffer>
  /** @throws Error when the bytes were not sealed with this key */
  open(sealed: Uint8Array): Buffer
  openText(sealed: Uint8Array): string
}

/** All keys of the house from one 32-byte master key (base64). */
export function keysFrom(masterKey: string): Keys {
  const master = Buffer.from(masterKey, 'base64')
  const derived = new Map<Purpose, Buffer>()
  const key = (purpose: Purpose): Buffer => {
    const known = derived.get(purpose)
    if (known) return known
    const fresh = Buffer.from(hkdfSync('sha256', master, '', `huiyuan/${purpose}`, 32))
    derived.set(purpose, fresh)
    return fresh
  }
  const open = (sealed: Uint8Array): Buffer => {
    if (sealed[0] !== SEAL_VERSION) throw new Error('unknown seal version')
    const decipher = createDecipheriv('aes-256-gcm', key('data'), sealed.subarray(1, 13), { authTagLength: 16 })
    decipher.setAuthTag(sealed.subarray(13, 29))
    return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])
  }
  return {
    key,
    hash: (purpose, text) => createHmac('sha256', key(purpose)).update(text).digest('hex'),
    seal(plain) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key('data'), nonce)
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return new Uint8Array(Buffer.concat([Buffer.of(SEAL_VERSION), nonce, cipher.getAuthTag(), body]))
    },
    open,
    openText: (sealed) => open(sealed).toString('utf8'),
  }
}
