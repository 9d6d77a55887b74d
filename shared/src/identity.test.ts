import { differentWechatPerson, type Holder, type Proof, resolveIdentity, survivorOf } from './identity'
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

const SILENT = { kind: 'second_proof', because: 'silent', phoneMoves: true }
const UNKNOWN = { kind: 'second_proof', because: 'wechat_unknown', phoneMoves: false }
const OTHER = { kind: 'move_phone', because: 'other_wechat' }

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

describe('who is this?', () => {
  const cases: [words: string, proofs: Proof[], holders: Holder[], me: Holder | undefined, found: object][] = [
    [
      'nobody here has been seen before: a new member',
      [weapp('a'), PHONE],
      [],
      undefined,
      { kind: 'create', because: 'nobody_known' },
    ],
    ['a preview visitor proves nobody: a new member', [], [], undefined, { kind: 'create', because: 'nobody_known' }],
    [
      'a WeChat person who is a member comes back',
      [weapp('a')],
      [member('A', [weapp('a')])],
      undefined,
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'however long a WeChat person was away, WeChat vouches for them',
      [weapp('a')],
      [member('A', [weapp('a')], { seen: 4_000 })],
      undefined,
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'a WeChat person comes back with a phone that nobody has',
      [weapp('a'), PHONE],
      [member('A', [weapp('a')])],
      undefined,
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'a WeChat person comes back with their own phone',
      [weapp('a'), PHONE],
      [member('A', [weapp('a'), PHONE])],
      undefined,
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'a member proves their own phone once more',
      [PHONE],
      [member('A', [weapp('a'), PHONE])],
      member('A', [weapp('a'), PHONE]),
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'a member proves a phone that nobody has',
      [PHONE],
      [],
      member('A', [weapp('a')]),
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'the unionid arrives late and shows two records of one person: the older goes on',
      [weapp('a'), union('u')],
      [member('A', [weapp('a')], { joined: 10 }), member('B', [oa('b'), union('u')], { joined: 20 })],
      undefined,
      { kind: 'merge', survivorId: 'B', otherId: 'A', because: 'unionid' },
    ],
    [
      'the same, when one of the two is signed in',
      [weapp('a'), union('u')],
      [member('B', [oa('b'), union('u')], { joined: 20 })],
      member('A', [phone('q')], { joined: 900 }),
      { kind: 'merge', survivorId: 'B', otherId: 'A', because: 'unionid' },
    ],
    [
      'a WeChat guest with the phone of a plastic card in use: the same person',
      [weapp('a'), PHONE],
      [member('K', [card('8'), PHONE], { seen: 89 })],
      undefined,
      { kind: 'attach', memberId: 'K' },
    ],
    [
      'a WeChat member proves the phone of a plastic card in use: one person, the WeChat side goes on',
      [PHONE],
      [member('K', [card('8'), PHONE], { seen: 89, joined: 900 })],
      member('A', [weapp('a')], { joined: 1 }),
      { kind: 'merge', survivorId: 'A', otherId: 'K', because: 'phone_active' },
    ],
    [
      'two plastic cards proven by one phone: the older goes on',
      [PHONE],
      [member('K', [card('8'), PHONE], { joined: 900 })],
      member('L', [card('9')], { joined: 800 }),
      { kind: 'merge', survivorId: 'K', otherId: 'L', because: 'cards' },
    ],
    [
      'a WeChat guest with the phone of a card that was silent for 90 days: history waits',
      [weapp('a'), PHONE],
      [member('K', [card('8'), PHONE], { seen: 90 })],
      undefined,
      { ...SILENT, memberId: null, holderId: 'K' },
    ],
    [
      'a WeChat member with the phone of a silent card: history waits',
      [PHONE],
      [member('K', [card('8'), PHONE], { seen: 90 })],
      member('A', [weapp('a')]),
      { ...SILENT, memberId: 'A', holderId: 'K' },
    ],
    [
      'somebody with only a text message, whose phone leads to a member alive: that member',
      [PHONE],
      [member('A', [weapp('a'), PHONE], { seen: 89 })],
      undefined,
      { kind: 'attach', memberId: 'A' },
    ],
    [
      'somebody with only a text message, whose phone leads to a silent member: history waits',
      [PHONE],
      [member('A', [weapp('a'), PHONE], { seen: 90 })],
      undefined,
      { ...SILENT, memberId: null, holderId: 'A' },
    ],
    [
      'the phone is another WeChat person (unionid): only the number moves',
      [weapp('a'), union('u'), PHONE],
      [member('B', [oa('b'), union('v'), PHONE])],
      undefined,
      { ...OTHER, memberId: null, holderId: 'B' },
    ],
    [
      'the phone is another WeChat person (openid of this app): only the number moves',
      [PHONE],
      [member('B', [weapp('b'), PHONE])],
      member('A', [weapp('a')]),
      { ...OTHER, memberId: 'A', holderId: 'B' },
    ],
    [
      'another WeChat person stays another one however long they are silent',
      [PHONE],
      [member('B', [weapp('b'), PHONE], { seen: 500 })],
      member('A', [weapp('a')]),
      { ...OTHER, memberId: 'A', holderId: 'B' },
    ],
    [
      'mini-program here, official account there, both proved the phone within 30 days: one person',
      [PHONE],
      [member('B', [oa('b'), PHONE], { proven: 30, joined: 900 })],
      member('A', [weapp('a')]),
      { kind: 'merge', survivorId: 'B', otherId: 'A', because: 'phone_fresh' },
    ],
    [
      'the same as a guest: the member behind the fresh phone',
      [weapp('a'), PHONE],
      [member('B', [oa('b'), PHONE], { proven: 30 })],
      undefined,
      { kind: 'attach', memberId: 'B' },
    ],
    [
      'mini-program here, official account there, the phone was proved 31 days ago: history waits',
      [PHONE],
      [member('B', [oa('b'), PHONE], { proven: 31 })],
      member('A', [weapp('a')]),
      { ...UNKNOWN, memberId: 'A', holderId: 'B' },
    ],
    [
      'a member without WeChat proves the phone of a WeChat member who proved it long ago: history waits',
      [PHONE],
      [member('B', [weapp('b'), PHONE], { seen: 1, proven: 31 })],
      member('S', [phone('q')]),
      { ...UNKNOWN, memberId: 'S', holderId: 'B' },
    ],
    [
      'a member without WeChat proves the phone of a WeChat member who proved it this month: one person',
      [PHONE],
      [member('B', [weapp('b'), PHONE], { seen: 1, proven: 30, joined: 40 })],
      member('S', [phone('q')], { joined: 900 }),
      { kind: 'merge', survivorId: 'B', otherId: 'S', because: 'phone_fresh' },
    ],
    [
      'a unionid shared by both sides outweighs two openids of one app',
      [PHONE],
      [member('B', [weapp('b'), union('u'), PHONE], { proven: 3, joined: 10 })],
      member('A', [weapp('a'), union('u')], { joined: 20 }),
      { kind: 'merge', survivorId: 'A', otherId: 'B', because: 'phone_fresh' },
    ],
    [
      'mini-program here, official account there, the one there silent for years: the number stays with it',
      [PHONE],
      [member('B', [oa('b'), PHONE], { seen: 1_000, proven: 1_000, joined: 1_000 })],
      member('A', [weapp('a')]),
      { ...UNKNOWN, memberId: 'A', holderId: 'B' },
    ],
    [
      'the unionid is known on one side only: the number stays',
      [weapp('a'), union('u'), PHONE],
      [member('B', [oa('b'), PHONE], { proven: 31 })],
      undefined,
      { ...UNKNOWN, memberId: null, holderId: 'B' },
    ],
    [
      'a guest with the phone of a silent WeChat member and no WeChat of their own: the number moves, history waits',
      [PHONE, external('e')],
      [member('A', [weapp('a'), PHONE], { seen: 90 }), member('S', [external('e')])],
      undefined,
      { ...SILENT, memberId: 'S', holderId: 'A' },
    ],
  ]

  test.each(cases)('%s', (_words, proofs, holders, me, found) => {
    expect(resolve(proofs, holders, me)).toEqual(found)
  })

  test('silence counts to the millisecond', () => {
    const holder = member('K', [card('8'), PHONE])
    const seenAt = (lastActiveAt: Date) => resolve([weapp('a'), PHONE], [{ ...holder, lastActiveAt }]).kind
    expect(seenAt(daysAgo(90))).toBe('second_proof')
    expect(seenAt(new Date(daysAgo(90).getTime() + 1))).toBe('attach')
  })

  test('two brands judge by their own numbers', () => {
    const holders = [member('K', [card('8'), PHONE], { seen: 45 })]
    const careful = { ...DEMO_POLICY, phoneSilentDays: 30 }
    expect(resolveIdentity([PHONE], holders, NOW, careful).kind).toBe('second_proof')
    expect(resolveIdentity([PHONE], holders, NOW, DEMO_POLICY).kind).toBe('attach')
  })
})

test.each([
  ['two unionids', [union('u')], [union('v')], true],
  ['two openids of one app', [weapp('a')], [weapp('b')], true],
  ['openids of two apps', [weapp('a')], [oa('b')], false],
  ['one unionid, two openids of one app', [weapp('a'), union('u')], [weapp('b'), union('u')], false],
  ['WeChat on one side only', [weapp('a')], [phone('p')], false],
  ['two phones are no two people', [phone('p')], [phone('q')], false],
])('different WeChat people? %s', (_words, mine, theirs, different) => {
  expect(differentWechatPerson(mine, theirs)).toBe(different)
  expect(differentWechatPerson(theirs, mine)).toBe(different)
})

describe('the survivor', () => {
  test.each<[string, Holder, Holder]>([
    ['has WeChat', member('B', [weapp('a')], { joined: 1 }), member('A', [phone('p')], { joined: 900 })],
    ['is the older one', member('B', [], { joined: 900 }), member('A', [], { joined: 1 })],
    ['has the smaller id', member('A', []), member('B', [])],
  ])('%s', (_words, survivor, other) => {
    expect(survivorOf(survivor, other)).toEqual([survivor, other])
    expect(survivorOf(other, survivor)).toEqual([survivor, other])
  })
})
