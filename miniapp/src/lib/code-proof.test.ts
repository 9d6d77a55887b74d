import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
import { judgeProof, parseProof, readCertificate, signCertificate } from '@huiyuan/shared/certificate'
import { codeStep } from '@huiyuan/shared/code'
import { extractPublicKeyFromSecretKey, generateKeyPairFromSeed } from '@stablelib/ed25519'
import { base64urlOf } from './base64url'
import { doubtOf } from './code-clock'
import { qrTextOf } from './code-proof'
import { codeAt, type Enrolment } from './member-code'

jest.mock('@tarojs/taro', () => ({ __esModule: true, default: {} }))
jest.mock('./api', () => ({}))
jest.mock('./device', () => ({}))

const NOW = Date.UTC(2026, 10, 22, 4)
const der = (prefix: string, bytes: Uint8Array) => Buffer.concat([Buffer.from(prefix, 'hex'), bytes])
const PUBLIC = '302a300506032b6570032100'
const secretOf = (seed: Uint8Array) =>
  createPrivateKey({ key: der('302e020100300506032b657004220420', seed), format: 'der', type: 'pkcs8' })
const publicOf = (seed: Uint8Array) =>
  new Uint8Array(createPublicKey(secretOf(seed)).export({ format: 'der', type: 'spki' }).subarray(12))
const byNode = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
  verify(null, message, createPublicKey({ key: der(PUBLIC, publicKey), format: 'der', type: 'spki' }), signature)

const server = randomBytes(32)
const seed = randomBytes(32)
const handle = '1234567890'
const certificate = signCertificate(
  { handle, publicKey: publicOf(seed), tier: 2, expiresAt: NOW + 3_600_000, keyNumber: 1 },
  (message) => new Uint8Array(sign(null, message, secretOf(server))),
)
const own: Enrolment = {
  deviceId: 'd',
  handle,
  secret: base64urlOf(randomBytes(32)),
  offsetMs: 300_000,
  proof: { seed: base64urlOf(seed), certificate: base64urlOf(certificate), expiresAt: NOW + 3_600_000 },
}

test('a phone five minutes off proves a code of the server’s time, as OpenSSL checks it', () => {
  const phoneNow = NOW - 300_000
  const shown = codeAt(own, phoneNow)
  const text = qrTextOf(own, shown, phoneNow)
  const facts = { keys: [{ number: 1, publicKey: publicOf(server) }], verify: byNode, usedStep: () => null }
  expect(judgeProof(text, { ...facts, now: NOW })).toEqual({ refusal: null, handle, tier: 2, step: codeStep(NOW) })
  expect(text.startsWith(shown.text)).toBe(true)
  expect(readCertificate(certificate)?.publicKey).toEqual(
    extractPublicKeyFromSecretKey(generateKeyPairFromSeed(seed).secretKey),
  )
  expect(judgeProof(text, { ...facts, now: NOW + 600_000 })).toEqual({ refusal: 'clock', secondsOff: 600 })
})

test('without a certificate, and after its end, the QR says the 18 digits alone', () => {
  const { proof: _, ...unproven } = own
  const shown = codeAt(own, NOW)
  expect(qrTextOf(unproven, shown, NOW)).toBe(shown.text)
  const late = NOW + 3_600_000 - own.offsetMs
  expect(parseProof(qrTextOf(own, codeAt(own, late), late))).not.toBeNull()
  expect(qrTextOf(own, codeAt(own, late + 1), late + 1)).toMatch(/^\d{18}$/)
})

test.each([
  ['the first look', NOW, null, null],
  ['a second later', NOW, { steadyMs: 1_000, wallMs: 1_000 }, null],
  ['a phone that was busy for a minute', NOW, { steadyMs: 60_000, wallMs: 60_000 }, null],
  ['set ahead by ten minutes', NOW, { steadyMs: 1_000, wallMs: 601_000 }, 'jumped'],
  ['set back by ten minutes', NOW - 600_000, { steadyMs: 1_000, wallMs: -599_000 }, 'went_back'],
  ['set back while it was closed', NOW - 600_000, null, 'went_back'],
  ['corrected by the network, by seconds', NOW - 5_000, { steadyMs: 1_000, wallMs: -4_000 }, null],
] as const)('a clock: %s', (_, serverNow, passed, doubt) => {
  expect(doubtOf({ serverNow, passed }, NOW - 1_000)).toBe(doubt)
})
