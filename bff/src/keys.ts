import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Purposes that each get their own key, derived from a master key by HKDF-SHA256 (RFC 5869). */
type Purpose =
  | 'data'
  | 'phone'
  | 'sms'
  | 'access'
  | 'guest'
  | 'refresh'
  | 'handle'
  | 'body'
  | 'certificate'
  | 'risk'
  | 'upload'

export interface Keys {
  /** The number of the key that seals, signs and hashes from now on. */
  current: number
  /** All that open and are looked up by, the current one first. */
  numbers: readonly number[]
  /** A raw 32-byte key for one purpose, of the current key. */
  key(purpose: Purpose): Uint8Array
  /** The same of every key, the current one first. */
  keys(purpose: Purpose): Uint8Array[]
  /** Keyed hash in hex, for look-up of what must not be readable at rest. */
  hash(purpose: Purpose, text: string): string
  /** The same under every key, the current one first: while keys rotate, a row may lie under any of them. */
  hashes(purpose: Purpose, text: string): string[]
  /** AES-256-GCM: one byte with the key's number, 12-byte nonce, 16-byte tag, ciphertext. */
  seal(plain: string | Uint8Array): Uint8Array<ArrayBuffer>
  /** @throws Error when the bytes were not sealed with one of these keys */
  open(sealed: Uint8Array): Buffer
  openText(sealed: Uint8Array): string
  /** The same text under the current key; equal seals stay equal, and what lies under it already comes back as it is. */
  sealAnew(sealed: Uint8Array): Uint8Array
  /** Tells a key from another one of the same number without telling anything else of it; 64 hex digits. */
  checkOf(number: number): string
}

const FIELD = /^(?:(\d{1,3}):)?([A-Za-z0-9+/_-]+={0,2})$/

/**
 * What is wrong with a MASTER_KEY, or null: 32 bytes in base64, the key number 1, or several of `number:base64` separated
 * by commas, of which the first one seals. Says nothing of the keys themselves.
 */
export function masterKeyRefusal(text: string): string | null {
  const given = text.split(',').map((field) => FIELD.exec(field.trim()))
  if (given.some((field) => !field || Buffer.from(field[2] as string, 'base64').length !== 32))
    return 'must be 32 bytes in base64, or several as number:base64 with commas between them'
  const numbers = given.map((field) => Number(field?.[1] ?? 1))
  if (numbers.some((number) => number < 1 || number > 255)) return 'the number of a key is 1 to 255'
  if (new Set(numbers).size < numbers.length) return 'two keys have one number'
  const secrets = given.map((field) => Buffer.from(field?.[2] as string, 'base64').toString('hex'))
  return new Set(secrets).size < secrets.length ? 'one key has two numbers' : null
}

/** All keys of the house from its master keys. @throws Error naming what is wrong with them, see {@link masterKeyRefusal} */
export function keysFrom(masterKey: string): Keys {
  const refusal = masterKeyRefusal(masterKey)
  if (refusal) throw new Error(`MASTER_KEY: ${refusal}`)
  const ring = new Map(
    masterKey.split(',').map((field) => {
      const [, number = '1', secret = ''] = FIELD.exec(field.trim()) as RegExpExecArray
      return [Number(number), derivedFrom(Buffer.from(secret, 'base64'))] as const
    }),
  )
  const numbers = [...ring.keys()]
  const current = numbers[0] as number
  const all = [...ring.values()]
  const key = all[0] as Derive
  const mac = (secret: Uint8Array, text: string) => createHmac('sha256', secret).update(text).digest('hex')
  const open = (sealed: Uint8Array): Buffer => {
    const maker = ring.get(sealed[0] as number)
    if (!maker) throw new Error(`MASTER_KEY names no key ${sealed[0]}, which this was sealed with`)
    return opened(maker('data'), sealed)
  }
  return {
    current,
    numbers,
    key,
    keys: (purpose) => all.map((derive) => derive(purpose)),
    hash: (purpose, text) => mac(key(purpose), text),
    hashes: (purpose, text) => all.map((derive) => mac(derive(purpose), text)),
    seal: (plain) => sealedBy(current, key('data'), randomBytes(12), plain),
    open,
    openText: (sealed) => open(sealed).toString('utf8'),
    sealAnew(sealed) {
      if (sealed[0] === current) return sealed
      // drawn from the old seal, which no other text has: two rows with one seal are told to be equal by comparing them
      const nonce = createHmac('sha256', key('nonce')).update(sealed).digest().subarray(0, 12)
      return sealedBy(current, key('data'), nonce, open(sealed))
    },
    checkOf: (number) => mac((ring.get(number) as Derive)('check'), 'huiyuan'),
  }
}

type Derive = (purpose: Purpose | 'check' | 'nonce') => Buffer

function derivedFrom(master: Buffer): Derive {
  const derived = new Map<string, Buffer>()
  return (purpose) => {
    const known = derived.get(purpose)
    if (known) return known
    const fresh = Buffer.from(hkdfSync('sha256', master, '', `huiyuan/${purpose}`, 32))
    derived.set(purpose, fresh)
    return fresh
  }
}

function sealedBy(number: number, key: Uint8Array, nonce: Uint8Array, plain: string | Uint8Array) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return new Uint8Array(Buffer.concat([Buffer.of(number), nonce, cipher.getAuthTag(), body]))
}

function opened(key: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13), { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(13, 29))
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])
}
