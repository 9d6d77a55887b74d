import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'

// Blocks of 32, not of AES's 16, hence padding by hand.
const BLOCK_BYTES = 32
const PREFIX_BYTES = 16
const LENGTH_BYTES = 4

/** What WeChat signs with: the token set in its console, and what it sent in the query. */
export interface PushSigned {
  token: string
  timestamp: string
  nonce: string
}

/** Whether WeChat signed this address (also the check when the address is first set). Compares in constant time. */
export function verifyPushUrl(signed: PushSigned, signature: string): boolean {
  return sameText(sha1Sorted([signed.token, signed.timestamp, signed.nonce]), signature)
}

/** Whether WeChat signed this encrypted text (`msg_signature`). */
export function verifyPushMessage(signed: PushSigned, encrypted: string, msgSignature: string): boolean {
  return sameText(signPushMessage(signed, encrypted), msgSignature)
}

/** The `msg_signature` of an encrypted text. */
export function signPushMessage(signed: PushSigned, encrypted: string): string {
  return sha1Sorted([signed.token, signed.timestamp, signed.nonce, encrypted])
}

/** The text inside an encrypted push, or null when the key, the padding, the length or the appid is not ours. */
export function decryptPush(aesKey: string, appid: string, encrypted: string): string | null {
  const key = keyOf(aesKey)
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
    const pad = padded.at(-1) ?? 0
    if (pad < 1 || pad > BLOCK_BYTES || pad > padded.length) return null
    if (!padded.subarray(-pad).every((byte) => byte === pad)) return null
    const plain = padded.subarray(0, -pad)
    const start = PREFIX_BYTES + LENGTH_BYTES
    if (plain.length < start) return null
    const end = start + plain.readUInt32BE(PREFIX_BYTES)
    return plain.subarray(end).toString('utf8') === appid ? plain.subarray(start, end).toString('utf8') : null
  } catch {
    return null
  }
}

/** The text as WeChat would encrypt it (base64). `random` (16 bytes) is given by tests only. */
export function encryptPush(aesKey: string, appid: string, text: string, random = randomBytes(PREFIX_BYTES)): string {
  const key = keyOf(aesKey)
  const message = Buffer.from(text, 'utf8')
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(message.length)
  const plain = Buffer.concat([random, length, message, Buffer.from(appid, 'utf8')])
  const pad = BLOCK_BYTES - (plain.length % BLOCK_BYTES)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString('base64')
}

function keyOf(aesKey: string): Buffer {
  const key = Buffer.from(`${aesKey}=`, 'base64')
  if (aesKey.length !== 43 || key.length !== 32) throw new Error('an EncodingAESKey has 43 characters')
  return key
}

function sha1Sorted(parts: string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
}

function sameText(expected: string, given: string): boolean {
  const left = Buffer.from(expected)
  const right = Buffer.from(given)
  return left.length === right.length && timingSafeEqual(left, right)
}
