import fc from 'fast-check'
import { keysFrom, masterKeyRefusal } from './keys'

const keys = keysFrom(Buffer.alloc(32, 7).toString('base64'))
const other = keysFrom(Buffer.alloc(32, 8).toString('base64'))

test('what is sealed opens again, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.string({ unit: 'binary', maxLength: 200 }), (bytes, text) => {
      expect(new Uint8Array(keys.open(keys.seal(bytes)))).toEqual(bytes)
      expect(keys.openText(keys.seal(text))).toBe(text)
    }),
  )
})

test('one text sealed twice looks different, and neither shows it', () => {
  const [a, b] = [keys.seal('13800002207'), keys.seal('13800002207')]
  expect(a).not.toEqual(b)
  expect(Buffer.from(a).includes('2207')).toBe(false)
})

test('a seal with any one bit turned, cut short or made longer does not open', () => {
  const sealed = keys.seal('林小满')
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const turned = Uint8Array.from(sealed)
    turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7))
    expect(() => keys.open(turned)).toThrow()
  }
  for (let length = 0; length < sealed.length; length++) expect(() => keys.open(sealed.subarray(0, length))).toThrow()
  expect(() => keys.open(Uint8Array.of(...sealed, 0))).toThrow()
})

test('a short tag is not taken for a whole one', () => {
  // 4 of 16 bytes would be guessed in 2³² tries
  expect(() => keys.open(keys.seal('').subarray(0, 17))).toThrow(/tag/i)
})

test('another master key opens nothing and hashes otherwise', () => {
  expect(() => other.open(keys.seal('x'))).toThrow()
  expect(other.hash('phone', '+8613800002207')).not.toBe(keys.hash('phone', '+8613800002207'))
})

test('a hash is stable, keyed by its purpose, and each purpose has a key of its own', () => {
  expect(keys.hash('phone', 'x')).toBe(keysFrom(Buffer.alloc(32, 7).toString('base64')).hash('phone', 'x'))
  expect(keys.hash('phone', 'x')).toMatch(/^[0-9a-f]{64}$/)
  expect(keys.hash('phone', 'x')).not.toBe(keys.hash('sms', 'x'))
  const purposes = ['data', 'phone', 'sms', 'access', 'guest', 'refresh', 'handle', 'body'] as const
  const all = purposes.map((purpose) => Buffer.from(keys.key(purpose)).toString('hex'))
  expect(new Set(all).size).toBe(purposes.length)
  expect(all.every((key) => key.length === 64 && key !== '07'.repeat(32))).toBe(true)
})

describe('a ring of keys', () => {
  const [first, second] = [7, 8].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string]
  const next = keysFrom(`2:${second},${first}`)

  test('the first one seals and hashes, all open, and every seal names the key that made it', () => {
    expect([next.current, next.numbers]).toEqual([2, [2, 1]])
    expect(keys.seal('林')[0]).toBe(1)
    expect(next.seal('林')[0]).toBe(2)
    expect(next.openText(keys.seal('林'))).toBe('林')
    expect(() => keys.open(next.seal('林'))).toThrow('names no key 2')
    expect(next.hashes('phone', 'x')).toEqual([other.hash('phone', 'x'), keys.hash('phone', 'x')])
    expect(next.checkOf(1)).toBe(keys.checkOf(1))
    expect(next.checkOf(2)).not.toBe(keys.checkOf(1))
  })

  test('what is sealed anew opens with the new key alone; equal seals stay equal, others do not become so', () => {
    const alone = keysFrom(`2:${second}`)
    const [a, b] = [keys.seal('林小满'), keys.seal('林小满')]
    expect(alone.openText(next.sealAnew(a))).toBe('林小满')
    expect(next.sealAnew(a)).toEqual(next.sealAnew(a))
    expect(next.sealAnew(a)).not.toEqual(next.sealAnew(b))
    const done = next.sealAnew(a)
    expect(next.sealAnew(done)).toBe(done)
  })

  test.each([
    ['', /32 bytes/],
    ['2:short', /32 bytes/],
    [`${first} ${second}`, /32 bytes/],
    [`${first},`, /32 bytes/],
    [`0:${first}`, /1 to 255/],
    [`256:${first}`, /1 to 255/],
    [`${first},1:${second}`, /one number/],
    [`2:${first},${first}`, /two numbers/],
  ])('%j is no ring', (text, words) => {
    expect(masterKeyRefusal(text)).toMatch(words)
    expect(() => keysFrom(text)).toThrow(words)
    expect(masterKeyRefusal(text)).not.toContain(first)
  })
})
