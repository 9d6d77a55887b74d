import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith } from 'node:crypto'
import fc from 'fast-check'
import {
  judgeProof,
  type ProofFacts,
  type ProofRefusal,
  type ProvenPhone,
  parseProof,
  provenCode,
  readCertificate,
  signCertificate,
} from './certificate'
import { parseMemberCode } from './code'

/** An Ed25519 key pair of node's own OpenSSL: another implementation than the phone's. */
function pairOf(seed: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(12))
  return { publicKey, sign: (message: Uint8Array) => new Uint8Array(signWith(null, message, secret)) }
}
const verify: ProofFacts['verify'] = (publicKey, message, signature) => {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey])
  return verifyWith(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}

const NOW = Date.UTC(2026, 10, 22, 4)
const STEP = NOW / 30_000
const HOUR = 3_600_000
const server = pairOf(new Uint8Array(32).fill(1))
const next = pairOf(new Uint8Array(32).fill(2))
const phone = pairOf(new Uint8Array(32).fill(3))
const CODE = '912345678907654321'
const HANDLE = '1234567890'

const facts = (more: Partial<ProofFacts> = {}): ProofFacts => ({
  now: NOW,
  keys: [{ number: 1, publicKey: server.publicKey }],
  verify,
  usedStep: () => null,
  ...more,
})
const certified = (more: Partial<Parameters<typeof signCertificate>[0]> = {}, by = server) =>
  signCertificate(
    { handle: HANDLE, publicKey: phone.publicKey, tier: 3, expiresAt: NOW + 72 * HOUR, keyNumber: 1, ...more },
    by.sign,
  )
const shown = (more: { certificate?: Uint8Array; step?: number; code?: string; by?: typeof phone } = {}) =>
  provenCode(more.code ?? CODE, more.certificate ?? certified(), more.step ?? STEP, (more.by ?? phone).sign)

test('a proven code is 446 digits, the code first, and says whose phone it is, with which tier', () => {
  const text = shown()
  expect(text).toMatch(/^912345678907654321\d{428}$/)
  expect(parseMemberCode(text)).toEqual({ handle: HANDLE, tag: '7654321', proof: text.slice(18) })
  expect(judgeProof(text, facts())).toEqual({ refusal: null, handle: HANDLE, tier: 3, step: STEP })
  expect(judgeProof(` ${text}\r\n`, facts())).toMatchObject({ refusal: null })
})

test('what was written is read again, for any certificate, step and key', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  fc.assert(
    fc.property(
      fc.stringMatching(/^\d{17}$/),
      bytes(32),
      bytes(64),
      bytes(64),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (digits, publicKey, one, two, byte, number) => {
        const code = `9${digits}`
        const terms = { publicKey, tier: byte, keyNumber: 255 - byte, expiresAt: number * 1000 }
        const certificate = signCertificate({ ...terms, handle: digits.slice(0, 10) }, () => one)
        expect(readCertificate(certificate)).toEqual(terms)
        const proof = parseProof(provenCode(code, certificate, number, () => two))
        expect(proof).toEqual({ code, handle: digits.slice(0, 10), step: number, certificate, signature: two })
      },
    ),
  )
})

test('with any one bit of the proof turned it is refused', () => {
  const certificate = certified()
  const bits = certificate.length * 8
  const ends = new Set<string | null>()
  for (let bit = 0; bit < bits; bit++) {
    const turned = certificate.slice()
    turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7))
    ends.add(judgeProof(shown({ certificate: turned }), facts()).refusal)
  }
  expect(ends).toEqual(new Set(['malformed', 'bad_signature']))
  for (let bit = 0; bit < 64 * 8; bit++) {
    const turned = {
      ...phone,
      sign: (message: Uint8Array) => {
        const signature = phone.sign(message)
        signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7))
        return signature
      },
    }
    expect(judgeProof(shown({ by: turned }), facts()).refusal).toBe('bad_signature')
  }
})

test('with any other digit anywhere it is refused, and never thrown at', () => {
  const text = shown()
  fc.assert(
    fc.property(fc.nat({ max: text.length - 1 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
      const other = text.slice(0, at) + ((Number(text[at]) + by) % 10) + text.slice(at + 1)
      expect(['malformed', 'bad_signature']).toContain(judgeProof(other, facts()).refusal)
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 445, maxLength: 445 }), (digits) => {
      expect(judgeProof(`9${digits}`, facts()).refusal).not.toBeNull()
    }),
  )
})

test.each<[string, () => string, string]>([
  ['the 18 digits alone', () => CODE, 'malformed'],
  ['nothing at all', () => '', 'malformed'],
  ['one digit less', () => shown().slice(0, -1), 'malformed'],
  ['a certificate of another phone', () => shown({ by: next }), 'bad_signature'],
  ['a certificate of another handle', () => shown({ code: '911111111117654321' }), 'bad_signature'],
  ['a certificate that a phone gave itself', () => shown({ certificate: certified({}, phone) }), 'bad_signature'],
  [
    'a key that this reader never heard of',
    () => shown({ certificate: certified({ keyNumber: 2 }, next) }),
    'bad_signature',
  ],
  ['a certificate that has ended', () => shown({ certificate: certified({ expiresAt: NOW - 1000 }) }), 'expired'],
])('%s is refused', (_, text, refusal) => {
  expect(judgeProof(text(), facts())).toEqual({ refusal })
})

test('while the server’s keys rotate, either is accepted', () => {
  const keys = [server, next].map(({ publicKey }, at) => ({ number: at + 1, publicKey }))
  expect(judgeProof(shown(), facts({ keys })).refusal).toBeNull()
  expect(judgeProof(shown({ certificate: certified({ keyNumber: 2 }, next) }), facts({ keys })).refusal).toBeNull()
})

test('a certificate lasts to its last second', () => {
  const text = shown({ certificate: certified({ expiresAt: NOW }) })
  expect(judgeProof(text, facts()).refusal).toBeNull()
  expect(judgeProof(text, facts({ now: NOW + 1 })).refusal).toBe('expired')
})

test('a code of another time is refused with how far it is off; one step either way is not', () => {
  const at = (steps: number): ProvenPhone | ProofRefusal => judgeProof(shown(), facts({ now: NOW + steps * 30_000 }))
  expect([-1, 0, 1].map((steps) => at(steps).refusal)).toEqual([null, null, null])
  expect(at(2)).toEqual({ refusal: 'clock', secondsOff: 60 })
  expect(at(-2)).toEqual({ refusal: 'clock', secondsOff: -60 })
  expect(at(24 * 120)).toEqual({ refusal: 'clock', secondsOff: 86_400 })
})

test('a code that was taken here, or an older one, is refused; a newer one is not', () => {
  const after = (used: number) =>
    judgeProof(shown(), facts({ usedStep: (handle) => (handle === HANDLE ? used : null) }))
  expect([STEP - 1, STEP, STEP + 1].map((used) => after(used).refusal)).toEqual([null, 'used_here', 'used_here'])
})
