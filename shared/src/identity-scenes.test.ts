import fc from 'fast-check'
import { differentWechatPerson, type HeldIdentity, type Holder, type Proof, resolveIdentity } from './identity'
import { DEMO_POLICY } from './policy'
import { DAY_MS } from './time'

const NOW = new Date('2026-11-22T04:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS)

const weapp = (subject: string): Proof => ({ kind: 'wechat_openid', issuer: 'weapp', subject })
const oa = (subject: string): Proof => ({ kind: 'wechat_openid', issuer: 'oa', subject })
const union = (subject: string): Proof => ({ kind: 'wechat_unionid', issuer: '', subject })
const phone = (subject: string): Proof => ({ kind: 'phone', issuer: '', subject })
const PHONE = phone('p')

const resolve = (proofs: Proof[], holders: Holder[], me?: Holder) =>
  resolveIdentity(proofs, holders, NOW, DEMO_POLICY, me)

/** Members who share nothing (I-ID1), somebody at the door, and who of the members is signed in. */
const scene = fc
  .record({
    owners: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 9, maxLength: 9 }),
    seen: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 4, maxLength: 4 }),
    joined: fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 4, maxLength: 4 }),
    proven: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 9, maxLength: 9 }),
    openid: fc.constantFrom<Proof[]>(...[[], [weapp('a')], [weapp('b')], [oa('a')], [oa('b')]]),
    unionid: fc.constantFrom<Proof[]>(...[[], [union('u')], [union('v')]]),
    withPhone: fc.boolean(),
    me: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ owners, seen, joined, proven, openid, unionid, withPhone, me }) => {
    const all = [
      weapp('a'),
      weapp('b'),
      oa('a'),
      oa('b'),
      union('u'),
      union('v'),
      PHONE,
      phone('q'),
      { kind: 'store_card', issuer: '', subject: '8' },
    ] as const
    const members = seen.map(
      (days, n): Holder => ({
        memberId: `M${n}`,
        lastActiveAt: daysAgo(days),
        joinedAt: daysAgo(joined[n] as number),
        identities: all
          .map((one, at): HeldIdentity => ({ ...one, provenAt: daysAgo(proven[at] as number) }))
          .filter((_, at) => owners[at] === n),
      }),
    )
    const signedIn = members[me]
    // a signed-in member proves a phone; at the door WeChat speaks as well
    const proofs = [...(signedIn ? [] : [...openid, ...unionid]), ...(withPhone || signedIn ? [PHONE] : [])]
    const holds = ({ identities }: Holder) =>
      identities.some((own) =>
        proofs.some((p) => p.kind === own.kind && p.issuer === own.issuer && p.subject === own.subject),
      )
    return { proofs, holders: members.filter(holds), me: signedIn }
  })

const phoneHolderOf = (holders: Holder[]) =>
  holders.find(({ identities }) =>
    identities.some(({ kind, subject }) => kind === 'phone' && subject === PHONE.subject),
  )
const isWechat = ({ kind }: Proof) => kind === 'wechat_openid' || kind === 'wechat_unionid'
const vouchedFor = (holder: Holder, proofs: Proof[]) =>
  holder.identities.some(
    (own) =>
      isWechat(own) &&
      proofs.some(({ kind, issuer, subject }) => own.kind === kind && own.issuer === issuer && own.subject === subject),
  )
/** Whose history ends up with the person at the door. */
const opened = (found: ReturnType<typeof resolveIdentity>): string[] =>
  found.kind === 'attach' ? [found.memberId] : found.kind === 'merge' ? [found.survivorId, found.otherId] : []

describe('whatever the proofs and the records are', () => {
  test('a phone never opens the history of a holder who has been silent', () => {
    fc.assert(
      fc.property(scene, ({ proofs, holders, me }) => {
        const holder = phoneHolderOf(holders)
        fc.pre(holder !== undefined && holder.memberId !== me?.memberId && !vouchedFor(holder, proofs))
        fc.pre(holder !== undefined && NOW.getTime() - holder.lastActiveAt.getTime() >= 90 * DAY_MS)
        expect(opened(resolve(proofs, holders, me))).not.toContain(holder?.memberId)
      }),
      { numRuns: 500 },
    )
  })

  test('another WeChat person loses the number and nothing else', () => {
    fc.assert(
      fc.property(scene, ({ proofs, holders, me }) => {
        const holder = phoneHolderOf(holders)
        fc.pre(holder !== undefined && holder.memberId !== me?.memberId && !vouchedFor(holder, proofs))
        const mine = [...proofs, ...((me ?? holders.find((one) => vouchedFor(one, proofs)))?.identities ?? [])]
        fc.pre(holder !== undefined && differentWechatPerson(mine, holder.identities))
        expect(opened(resolve(proofs, holders, me))).not.toContain(holder?.memberId)
      }),
      { numRuns: 500 },
    )
  })

  test('a signed-in member is never anybody else, and nobody is merged with themselves', () => {
    fc.assert(
      fc.property(scene, ({ proofs, holders, me }) => {
        const found = resolve(proofs, holders, me)
        if (found.kind === 'merge') expect(found.survivorId).not.toBe(found.otherId)
        if (!me) return
        if (found.kind === 'merge') expect([found.survivorId, found.otherId]).toContain(me.memberId)
        else expect('memberId' in found && found.memberId).toBe(me.memberId)
      }),
    )
  })

  test('I-ID3: the order in which records and proofs are read does not matter', () => {
    fc.assert(
      fc.property(scene, ({ proofs, holders, me }) => {
        const found = resolve(proofs, holders, me)
        const turned = holders.map((one) => ({ ...one, identities: [...one.identities].reverse() })).reverse()
        expect(resolve([...proofs].reverse(), turned, me)).toEqual(found)
      }),
    )
  })
})
