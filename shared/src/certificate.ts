/**
 * What makes a member code provable where there is no network. The server signs a certificate for the phone's own key;
 * the phone signs each code that it shows. Whoever knows the server's public key can check both, and can make neither.
 *
 * A QR code holds digits only, the 18 of the code first: hand scanners and input methods leave digits alone, and a
 * reader that knows nothing of proofs reads the code. The rest is {@link PROOF_BYTES} bytes, six of them as 15 digits:
 * version, number of the server's key, tier, end (4), the phone's key (32), the server's signature (64), step (4), the
 * phone's signature (64). The handle is in the code already; both signatures cover it.
 */
import { CODE_STEP_SECONDS, CODE_STEP_SLACK, codeStep, parseMemberCode } from './code'

/** Ed25519 (RFC 8032) over a message, with a key that the caller holds; 64 bytes. */
export type Sign = (message: Uint8Array) => Uint8Array
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const VERSION = 1
const CERTIFICATE_BYTES = 103
const PROOF_BYTES = 171

export interface CertificateTerms {
  /** Ten digits. */
  handle: string
  /** The phone's, 32 bytes. */
  publicKey: Uint8Array
  /** When it was given out; it may have changed since. */
  tier: number
  /** Epoch milliseconds; whole seconds of it are kept. */
  expiresAt: number
  /** Which of the server's keys signs. */
  keyNumber: number
}

export interface ServerKey {
  number: number
  /** 32 bytes. */
  publicKey: Uint8Array
}

/** A certificate as the phone keeps it: 103 bytes that mean something together with the handle only. */
export function signCertificate(terms: CertificateTerms, sign: Sign): Uint8Array {
  const body = certificateBody(terms)
  return joined(body, sign(certificateMessage(terms.handle, body)))
}

/** What a certificate says, unchecked; null for anything else. */
export function readCertificate(certificate: Uint8Array): Omit<CertificateTerms, 'handle'> | null {
  if (certificate.length !== CERTIFICATE_BYTES || certificate[0] !== VERSION) return null
  return {
    keyNumber: certificate[1] as number,
    tier: certificate[2] as number,
    expiresAt: numberOf(certificate.subarray(3, 7)) * 1000,
    publicKey: certificate.slice(7, 39),
  }
}

/**
 * The text of the QR code: 18 digits of the code and 428 of its proof.
 * @param code the 18 digits of this step
 * @param sign with the phone's key
 */
export function provenCode(code: string, certificate: Uint8Array, step: number, sign: Sign): string {
  const signed = joined(certificate, bytesOf(step, 4))
  return code + digitsOf(joined(signed, sign(proofMessage(code, step))))
}

export interface Proof {
  /** The 18 digits. */
  code: string
  handle: string
  step: number
  certificate: Uint8Array
  signature: Uint8Array
}

/** A proven code taken apart, unchecked; null when there is no proof in it, or none that was ever written so. */
export function parseProof(text: string): Proof | null {
  const parsed = parseMemberCode(text)
  if (!parsed?.proof) return null
  const bytes = bytesOfDigits(parsed.proof)
  if (!bytes || bytes[0] !== VERSION) return null
  return {
    code: `9${parsed.handle}${parsed.tag}`,
    handle: parsed.handle,
    certificate: bytes.slice(0, CERTIFICATE_BYTES),
    step: numberOf(bytes.subarray(CERTIFICATE_BYTES, CERTIFICATE_BYTES + 4)),
    signature: bytes.slice(CERTIFICATE_BYTES + 4),
  }
}

export interface ProofFacts {
  /** The reader's clock, epoch milliseconds, as near to the server's as it knows. */
  now: number
  /** All of the server's; two while they rotate. */
  keys: readonly ServerKey[]
  verify: Verify
  /** The newest step that this reader has taken of a phone; null for none. */
  usedStep: (handle: string) => number | null
}

export type ProofRefusal =
  | { refusal: 'malformed' | 'bad_signature' | 'expired' | 'used_here' }
  /** The code is of so many seconds ago, or of so many ahead where negative: it is old, or a clock is off. */
  | { refusal: 'clock'; secondsOff: number }

export interface ProvenPhone {
  refusal: null
  handle: string
  tier: number
  step: number
}

/**
 * Whether a scanned text proves an enrolled phone of now, not seen here before. It tells nothing of the balance, of a phone
 * that was removed since, or of a use elsewhere.
 */
export function judgeProof(text: string, { now, keys, verify, usedStep }: ProofFacts): ProvenPhone | ProofRefusal {
  const proof = parseProof(text)
  const terms = proof && readCertificate(proof.certificate)
  if (!proof || !terms) return { refusal: 'malformed' }
  const { code, handle, step, certificate, signature } = proof
  const server = keys.find(({ number }) => number === terms.keyNumber)
  const message = certificateMessage(handle, certificate.subarray(0, 39))
  if (!server || !verify(server.publicKey, message, certificate.subarray(39))) return { refusal: 'bad_signature' }
  if (!verify(terms.publicKey, proofMessage(code, step), signature)) return { refusal: 'bad_signature' }
  if (now > terms.expiresAt) return { refusal: 'expired' }
  const stepsOff = codeStep(now) - step
  if (Math.abs(stepsOff) > CODE_STEP_SLACK) return { refusal: 'clock', secondsOff: stepsOff * CODE_STEP_SECONDS }
  const used = usedStep(handle)
  if (used !== null && step <= used) return { refusal: 'used_here' }
  return { refusal: null, handle, tier: terms.tier, step }
}

const certificateBody = ({ publicKey, tier, expiresAt, keyNumber }: CertificateTerms): Uint8Array =>
  joined(Uint8Array.of(VERSION, keyNumber, tier), bytesOf(Math.floor(expiresAt / 1000), 4), publicKey)

// two kinds of messages that begin differently: neither signature can stand for the other
const certificateMessage = (handle: string, body: Uint8Array) => joined(ascii(`huiyuan certificate ${handle} `), body)
const proofMessage = (code: string, step: number) => joined(ascii(`huiyuan code ${code} `), bytesOf(step, 4))

const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

function joined(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Big endian, up to six bytes. */
const numberOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0)

const bytesOf = (number: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => Math.floor(number / 256 ** (count - 1 - at)) % 256)

const GROUP_BYTES = 6
/** Digits that hold so many bytes. */
const digitsFor = (bytes: number) => Math.ceil(bytes * 8 * Math.log10(2))

function digitsOf(bytes: Uint8Array): string {
  let digits = ''
  for (let at = 0; at < bytes.length; at += GROUP_BYTES) {
    const group = bytes.subarray(at, at + GROUP_BYTES)
    digits += String(numberOf(group)).padStart(digitsFor(group.length), '0')
  }
  return digits
}

/** Null for digits that no bytes are written with: each proof has one text. */
function bytesOfDigits(digits: string): Uint8Array | null {
  const bytes = new Uint8Array(PROOF_BYTES)
  let at = 0
  let from = 0
  while (at < PROOF_BYTES) {
    const count = Math.min(GROUP_BYTES, PROOF_BYTES - at)
    const group = digits.slice(from, from + digitsFor(count))
    if (Number(group) >= 256 ** count) return null
    bytes.set(bytesOf(Number(group), count), at)
    at += count
    from += group.length
  }
  return bytes
}
