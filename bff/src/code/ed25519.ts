import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { ServerKey, Sign, Verify } from '@huiyuan/shared/certificate'
import type { Keys } from '../keys'

/** What PKCS #8 and X.509 write before the 32 bytes of an Ed25519 key (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')

const signerOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: 'der', type: 'pkcs8' })

export const verifyEd25519: Verify = (publicKey, message, signature) =>
  verify(
    null,
    message,
    createPublicKey({ key: Buffer.concat([PUBLIC, publicKey]), format: 'der', type: 'spki' }),
    signature,
  )

/** The house's own signature under its current key, and that key's number. */
export function certifier(keys: Keys): { keyNumber: number; sign: Sign } {
  const secret = signerOf(keys.key('certificate'))
  return { keyNumber: keys.current, sign: (message) => new Uint8Array(sign(null, message, secret)) }
}

/** What the house's certificates are checked with: every key that is named, so that a rotation cuts nobody off. */
export const publicKeysOf = (keys: Keys): ServerKey[] =>
  keys.keys('certificate').map((seed, at) => ({
    number: keys.numbers[at] as number,
    publicKey: new Uint8Array(
      createPublicKey(signerOf(seed)).export({ format: 'der', type: 'spki' }).subarray(PUBLIC.length),
    ),
  }))

/** The same as they travel: 32 bytes in base64url. */
export const shownPublicKeys = (keys: Keys) =>
  publicKeysOf(keys).map(({ number, publicKey }) => ({
    number,
    publicKey: Buffer.from(publicKey).toString('base64url'),
  }))
