import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { CompactEncrypt, SignJWT, UnsecuredJWT } from 'jose'
import type { Guest, House } from '../ctx'
import { keysFrom } from '../keys'
import { Refusal } from '../refusal'
import { readActor } from './read-actor'
import { mintGuestToken, mintTokens } from './tokens'

const NOON = new Date('2026-11-22T04:00:00.000Z')
let at = NOON
beforeEach(() => {
  at = NOON
})
const pass = (ms: number) => {
  at = new Date(at.getTime() + ms)
}

const keys = keysFrom(Buffer.alloc(32, 7).toString('base64'))
let looks = 0
const sql = async () => {
  looks++
  return true
}
const house = { keys, now: () => at, sql } as unknown as House

const ref = { memberId: randomUUID(), sessionId: randomUUID(), generation: 1 }
const guest: Omit<Guest, 'kind'> = {
  guestId: randomUUID(),
  proofs: [{ kind: 'phone', issuer: '', subject: keys.hash('phone', '+8613800002207'), readable: '+8613800002207' }],
  arrival: { channel: 'poster', storeId: 'hubin' },
}

const actor = (token: string) => readActor(house, `Bearer ${token}`)
const over = async (token: string) => {
  const error = await actor(token).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Refusal)
  expect((error as Refusal).fault.code).toBe('SESSION_OVER')
}
const access = async () => (await mintTokens(house, ref, at)).accessToken
const note = async () => (await mintGuestToken(house, guest)).guestToken
/** The same token with one letter changed. */
const altered = (token: string, where: number) => {
  const letter = token[where] === 'A' ? 'B' : 'A'
  return token.slice(0, where) + letter + token.slice(where + 1)
}

describe('an access token', () => {
  test('names member and session, and works for 15 minutes of the house’s clock', async () => {
    const token = await access()
    expect(await actor(token)).toEqual({ kind: 'member', memberId: ref.memberId, sessionId: ref.sessionId })
    pass(15 * 60_000 - 1_000)
    await actor(token)
    pass(1_000)
    await over(token)
  })

  test('is trusted for ten seconds after a look at its session', async () => {
    const token = (await mintTokens(house, { ...ref, sessionId: randomUUID() }, at)).accessToken
    const before = looks
    for (let n = 0; n < 3; n++) await actor(token)
    pass(9_999)
    await actor(token)
    expect(looks).toBe(before + 1)
    pass(1)
    await actor(token)
    expect(looks).toBe(before + 2)
  })

  test('with any letter changed is over', async () => {
    const token = await access()
    await actor(token)
    for (const where of [...token].flatMap((letter, n) => (letter === '.' ? [] : [n]))) {
      // the last letter of a part carries bits that nobody reads
      if (/^(\.|$)/.test(token.slice(where + 1))) continue
      await over(altered(token, where))
    }
  })

  test('made elsewhere is over: without a seal, with another key, for another purpose', async () => {
    const claims = { sid: ref.sessionId }
    const until = Math.floor(at.getTime() / 1000) + 60
    const sign = (key: Uint8Array, alg = 'HS256') =>
      new SignJWT(claims).setSubject(ref.memberId).setExpirationTime(until).setProtectedHeader({ alg }).sign(key)
    await actor(await sign(keys.key('access')))
    await over(await sign(keys.key('refresh')))
    await over(await sign(keysFrom(Buffer.alloc(32, 8).toString('base64')).key('access')))
    await over(await sign(Buffer.concat([keys.key('access'), keys.key('access')]), 'HS512'))
    await over(new UnsecuredJWT(claims).setSubject(ref.memberId).encode())
  })
})

describe('a guest’s note', () => {
  test('gives back who was seen, and nobody without the key can read it', async () => {
    const token = await note()
    expect(await actor(token)).toEqual({ kind: 'guest', ...guest })
    const readable = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const secret of ['13800002207', keys.hash('phone', '+8613800002207'), 'hubin', guest.guestId])
      expect(readable.join()).not.toContain(secret)
  })

  test('two notes of one guest share no sealed text', async () => {
    const [a, b] = [await note(), await note()]
    expect(a.split('.')[3]).not.toBe(b.split('.')[3])
  })

  test('works for 24 hours', async () => {
    const token = await note()
    pass(24 * 3_600_000 - 1_000)
    await actor(token)
    pass(1_000)
    await over(token)
  })

  test('with any letter changed, or put together from two, is over', async () => {
    const [token, other] = [await note(), await note()]
    for (let where = 0; where < token.length; where += 3) {
      if (token[where] === '.' || /^(\.|$)/.test(token.slice(where + 1))) continue
      await over(altered(token, where))
    }
    const [a, b] = [token.split('.'), other.split('.')]
    await over([...a.slice(0, 3), b[3], a[4]].join('.'))
    await over([...a.slice(0, 2), b[2], ...a.slice(3)].join('.'))
  })

  test('sealed elsewhere is over', async () => {
    const text = Buffer.from(JSON.stringify({ proofs: [], arrival: {}, sub: 'x', exp: at.getTime() / 1000 + 60 }))
    const seal = (key: Uint8Array) =>
      new CompactEncrypt(text).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key)
    await actor(await seal(keys.key('guest')))
    await over(await seal(keys.key('data')))
  })
})

describe('whatever stands in the header', () => {
  test.each([undefined, '', 'Bearer', 'Bearer ', 'bearer x', 'Basic abc', `Bearer ${'x'.repeat(4_097)}`, 'Bearer a b'])(
    '%j is nobody',
    async (header) => {
      expect(await readActor(house, header)).toEqual({ kind: 'nobody' })
    },
  )

  test('anything that looks like a token is over, never an error of ours', async () => {
    const part = fc.oneof(
      fc.base64String({ maxLength: 40 }).map((text) => text.replace(/[+/=]/g, '-')),
      fc.constantFrom(
        '',
        'eyJhbGciOiJIUzI1NiJ9',
        'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0',
        'e30',
        'bnVsbA',
        '%',
        '💥',
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const token = parts.join('.')
        fc.pre(token !== '')
        await over(token)
      }),
      { numRuns: 300 },
    )
  })
})
