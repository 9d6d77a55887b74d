import { type Holder, type Proof, proofsFor, resolveIdentity } from './identity'
import { DEMO_POLICY } from './policy'
import { DAY_MS } from './time'

const NOW = new Date('2026-11-22T04:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS)

const weapp = (subject: string): Proof => ({ kind: 'wechat_openid', issuer: 'weapp', subject })
const oa = (subject: string): Proof => ({ kind: 'wechat_openid', issuer: 'oa', subject })
const union = (subject: string): Proof => ({ kind: 'wechat_unionid', issuer: '', subject })
const phone = (subject: string): Proof => ({ kind: 'phone', issuer: '', subject })
const card = (subject: string): Proof => ({ kind: 'store_card', issuer: '', subject })
const external = (subject: string): Proof => ({ kind: 'external', issuer: 'pos', subject })

const PHONE = phone('p')

interface Wish {
  /** Days since it was last seen. */
  seen?: number
  joined?: number
  /** Days since each identity was proven. */
  proven?: number
}
const member = (
  memberId: string,
  identities: Proof[],
  { seen = 1, joined = 400, proven = joined }: Wish = {},
): Holder => ({
  memberId,
  identities: identities.map((one) => ({ ...one, provenAt: daysAgo(proven) })),
  lastActiveAt: daysAgo(seen),
  joinedAt: daysAgo(joined),
})

const resolve = (proofs: Proof[], holders: Holder[], me?: Holder) =>
  resolveIdentity(proofs, holders, NOW, DEMO_POLICY, me)

describe('proofs that are nobody else’s', () => {
  const cases: [words: string, proofs: Proof[], holders: Holder[], me: Holder | undefined, found: object][] = [
    [
      'a printed card in the hand brings its record, however silent',
      [card('8')],
      [member('K', [card('8')], { seen: 900, joined: 900 })],
      member('A', [weapp('a')]),
      { kind: 'merge', survivorId: 'A', otherId: 'K', because: 'card_shown' },
    ],
    [
      'an id of another system brings its record',
      [external('e')],
      [member('K', [external('e')], { joined: 900 })],
      member('S', [phone('q')]),
      { kind: 'merge', survivorId: 'K', otherId: 'S', because: 'external' },
    ],
    [
      'a card that is another WeChat person’s: nobody gets anything',
      [card('8')],
      [member('B', [weapp('b'), card('8')])],
      member('A', [weapp('a')]),
      { kind: 'refuse', memberId: 'A', holderId: 'B', because: 'other_wechat' },
    ],
    [
      'the same at the door',
      [weapp('a'), card('8')],
      [member('B', [weapp('b'), card('8')])],
      undefined,
      { kind: 'refuse', memberId: null, holderId: 'B', because: 'other_wechat' },
    ],
    [
      'somebody else’s WeChat beside my session: refused, known here or not',
      [weapp('b')],
      [],
      member('A', [weapp('a')]),
      { kind: 'refuse', memberId: 'A', holderId: null, because: 'other_wechat' },
    ],
    [
      'a stranger’s unionid beside my session: refused although my own is not known',
      [oa('c'), union('u')],
      [member('B', [weapp('b'), oa('c'), union('u')])],
      member('A', [weapp('a')]),
      { kind: 'refuse', memberId: 'A', holderId: 'B', because: 'other_wechat' },
    ],
    [
      'my official account beside my session, with a record of its own: one person',
      [oa('b')],
      [member('B', [oa('b')], { joined: 20 })],
      member('A', [weapp('a')], { joined: 10 }),
      { kind: 'merge', survivorId: 'B', otherId: 'A', because: 'openid' },
    ],
    [
      'of card, openid and unionid with three records, WeChat’s two come first',
      [card('8'), union('u'), weapp('a')],
      [member('K', [card('8')]), member('B', [oa('b'), union('u')]), member('A', [weapp('a')], { joined: 900 })],
      undefined,
      { kind: 'merge', survivorId: 'A', otherId: 'B', because: 'unionid' },
    ],
  ]

  test.each(cases)('%s', (_words, proofs, holders, me, found) => {
    expect(resolve(proofs, holders, me)).toEqual(found)
  })
})

describe('two records that an operator has separated', () => {
  const apart = (a: string, b: string) => [a, b].sort().join() === 'A,B'
  const ask = (proofs: Proof[], holders: Holder[], me?: Holder) => {
    const found = resolveIdentity(proofs, holders, NOW, DEMO_POLICY, me, apart)
    return [found, proofsFor(found, proofs, holders)]
  }
  const b = member('B', [oa('b'), union('u'), PHONE], { proven: 1 })
  const a = member('A', [weapp('a')])

  test('stay two when the unionid says otherwise: the sign-in is the openid’s, the unionid stays where it is', () => {
    expect(ask([weapp('a'), union('u')], [b, a])).toEqual([{ kind: 'attach', memberId: 'A' }, [weapp('a')]])
  })

  test('stay two when the phone says otherwise: it goes to who proved it now', () => {
    const moved = { kind: 'move_phone', memberId: 'A', holderId: 'B', because: 'kept_apart' }
    expect(ask([PHONE], [b], a)).toEqual([moved, [PHONE]])
    expect(ask([weapp('a'), union('u'), PHONE], [a, b])).toEqual([moved, [weapp('a'), PHONE]])
  })

  test('stay two when a card or a sign-in says otherwise: refused', () => {
    const refused = { kind: 'refuse', memberId: 'A', holderId: 'B', because: 'kept_apart' }
    expect(ask([oa('b')], [b], a)).toEqual([refused, []])
    expect(ask([card('8')], [member('B', [card('8')])], a)).toEqual([refused, []])
  })
})

test('where the phone waits, it is not taken along', () => {
  const holders = [member('B', [oa('b'), PHONE], { proven: 31 })]
  const proofs = [weapp('a'), PHONE]
  expect(proofsFor(resolve(proofs, holders), proofs, holders)).toEqual([weapp('a')])
  expect(proofsFor(resolve(proofs, []), proofs, [])).toEqual(proofs)
})
