import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import {
  CODE_STEP_SECONDS,
  codeMsLeft,
  codeStep,
  codeTag,
  type HmacSha256,
  matchingStep,
  memberCodeAt,
  parseMemberCode,
} from './code'

const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest()
const secret = new Uint8Array(Buffer.from('12345678901234567890123456789012'))
const handle = fc.stringMatching(/^\d{10}$/)
const step = fc.integer({ min: 0, max: 2 ** 40 })

describe('the seven digits', () => {
  // RFC 6238 appendix B, SHA-256, eight digits; ours are the last seven of them
  test.each([
    [59, '46119246'],
    [1_111_111_109, '68084774'],
    [1_111_111_111, '67062674'],
    [1_234_567_890, '91819424'],
    [2_000_000_000, '90698825'],
    [20_000_000_000, '77737706'],
  ])('at second %i are those of the standard', (second, totp) => {
    expect(codeTag(secret, codeStep(second * 1000), hmacSha256)).toBe(totp.slice(1))
  })

  test('are always seven', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), step, (key, at) => {
        expect(codeTag(key, at, hmacSha256)).toMatch(/^\d{7}$/)
      }),
    )
  })
})

describe('a member code', () => {
  test('has 18 digits and comes apart into what it was made of', () => {
    fc.assert(
      fc.property(handle, step, (of, at) => {
        const code = memberCodeAt({ handle: of, secret, step: at, hmacSha256 })
        expect(code).toMatch(/^9\d{17}$/)
        expect(parseMemberCode(code)).toEqual({ handle: of, tag: codeTag(secret, at, hmacSha256), proof: null })
      }),
    )
  })

  test.each([
    ['142 123 4567 8901 2345', null],
    ['', null],
    ['9', null],
    ['90000000000000000', null],
    ['9000000000000000000', null],
    ['100000000000000000', null],
    ['130412345678901234', null],
    ['281234567890123456', null],
    ['９00000000000000000', null],
    ['9000000000000000a0', null],
    ['-90000000000000000', null],
  ])('%j is none', (text, none) => {
    expect(parseMemberCode(text)).toBe(none)
  })

  test('is read with spaces and line ends that scanners add', () => {
    expect(parseMemberCode(' 9 1234567890 7654321\r\n')).toEqual({ handle: '1234567890', tag: '7654321', proof: null })
  })
})

describe('the clock of a code', () => {
  test('a step lasts 30 seconds', () => {
    expect(codeStep(0)).toBe(0)
    expect(codeStep(29_999)).toBe(0)
    expect(codeStep(30_000)).toBe(1)
  })

  test('time left brings the next step and not a millisecond earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        const left = codeMsLeft(ms)
        expect(left).toBeGreaterThan(0)
        expect(left).toBeLessThanOrEqual(CODE_STEP_SECONDS * 1000)
        expect(codeStep(ms + left)).toBe(codeStep(ms) + 1)
        expect(codeStep(ms + left - 1)).toBe(codeStep(ms))
      }),
    )
  })

  test('a code is known in its own step, the one before and the one after, and in no other', () => {
    const tagAt = (at: number) => codeTag(secret, at, hmacSha256)
    const shown = tagAt(1_000)
    expect([997, 998, 999, 1_000, 1_001, 1_002, 1_003].map((now) => matchingStep(shown, now, tagAt))).toEqual([
      null,
      null,
      1_000,
      1_000,
      1_000,
      null,
      null,
    ])
  })

  test('when two steps share their digits, the present one is meant', () => {
    expect(matchingStep('0000001', 7, () => '0000001')).toBe(7)
    expect(matchingStep('0000001', 7, (at) => (at === 7 ? '0000002' : '0000001'))).toBe(6)
  })
})
