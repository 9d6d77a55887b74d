import { provenCode } from '@huiyuan/shared/certificate'
import { generateKeyPairFromSeed, sign } from '@stablelib/ed25519'
import { api } from './api'
import { base64urlOf, bytesOfBase64url } from './base64url'
import { randomBytes } from './chance'
import { newId } from './id'
import { type Enrolment, keepProof, type ShownCode, useEnrolment } from './member-code'

/** A certificate is renewed when less than this is left of it, so that a shop without a network finds two days in hand. */
const RENEW_MS = 48 * 3_600_000
/** After a failure the next answer of the server waits so long before it is asked again. */
const REST_MS = 60_000

let asking: Promise<void> | null = null
let restUntil = 0

/** Sees to it that this phone can prove its code without a network. Quietly: without it the code is good wherever there is one. */
export function renewProof(): Promise<void> {
  const { own } = useEnrolment.getState()
  const now = Date.now()
  if (!own || now < restUntil || (own.proof && own.proof.expiresAt - (now + own.offsetMs) > RENEW_MS))
    return Promise.resolve()
  asking ??= renew(own)
    .catch(() => {
      restUntil = Date.now() + REST_MS
    })
    .finally(() => {
      asking = null
    })
  return asking
}

async function renew({ deviceId, proof }: Enrolment): Promise<void> {
  const seed = proof?.seed ?? base64urlOf(await randomBytes(32))
  const publicKey = base64urlOf(keysOf(seed).publicKey)
  const given = await api.code.certify.mutate({ requestId: newId(), deviceId, publicKey })
  keepProof(deviceId, { seed, certificate: given.certificate, expiresAt: new Date(given.expiresAt).getTime() })
}

let pair: { seed: string; publicKey: Uint8Array; secretKey: Uint8Array } | null = null

function keysOf(seed: string) {
  if (pair?.seed !== seed) pair = { seed, ...generateKeyPairFromSeed(bytesOfBase64url(seed)) }
  return pair
}

let last: { code: string; certificate: string; text: string } | null = null

/** What the QR code says: the code with its proof, or the code alone while this phone has none. Signed once for each code. */
export function qrTextOf({ proof, offsetMs }: Enrolment, { text: code, step }: ShownCode, now: number): string {
  if (!proof || proof.expiresAt < now + offsetMs) return code
  const { seed, certificate } = proof
  if (last?.code !== code || last.certificate !== certificate) {
    const signed = (message: Uint8Array) => sign(keysOf(seed).secretKey, message)
    last = { code, certificate, text: provenCode(code, bytesOfBase64url(certificate), step, signed) }
  }
  return last.text
}
