import fc from 'fast-check'
import { type Proof, proofsFor, resolveIdentity } from './identity'
import { keyOf, World } from './identity-world.fixture'
import { DEMO_POLICY } from './policy'
import { DAY_MS } from './time'

const NOW = new Date('2026-11-22T04:00:00Z')
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS)

const union = (subject: string): Proof => ({ kind: 'wechat_unionid', issuer: '', subject })
const phone = (subject: string): Proof => ({ kind: 'phone', issuer: '', subject })
const PHONE = phone('p')

describe('a world of proofs', () => {
  const [PEOPLE, DAYS] = [4, 200]
  const person = fc.integer({ min: 0, max: PEOPLE - 1 })
  const cardOf = (n: number): Proof => ({ kind: 'store_card', issuer: '', subject: `${n}` })
  const externalOf = (n: number): Proof => ({ kind: 'external', issuer: 'pos', subject: `${n}` })
  const openidOf = (app: string, n: number): Proof => ({ kind: 'wechat_openid', issuer: app, subject: `${n}` })
  const openid = (n: number) => fc.constantFrom('weapp', 'oa', 'second').map((app) => openidOf(app, n))
  /** What one person can prove at once: WeChat with or without the unionid, a card, an id of elsewhere. */
  const bundle = person.chain((n) =>
    fc
      .record({
        wechat: fc.option(fc.tuple(openid(n), fc.boolean())),
        card: fc.option(fc.constantFrom(n, n + PEOPLE).map(cardOf)),
        external: fc.boolean(),
      })
      .map(({ wechat, card, external }) => [
        ...(wechat ? [wechat[0], ...(wechat[1] ? [union(`${n}`)] : [])] : []),
        ...(card ? [card] : []),
        ...(external ? [externalOf(n)] : []),
      ])
      .filter((proofs) => proofs.length > 0),
  )
  const someDay = fc.integer({ min: 0, max: DAYS })
  const owners = (world: World) => world.members.flatMap(({ identities }) => identities.map(keyOf))

  /** The identities that were ever proven together, as groups: what any order must end in. */
  function grouped(bundles: Proof[][]): string[] {
    let groups: Set<string>[] = []
    for (const proofs of bundles) {
      const keys = new Set(proofs.map(keyOf))
      const touched = groups.filter((group) => [...group].some((key) => keys.has(key)))
      groups = [
        ...groups.filter((group) => !touched.includes(group)),
        new Set([...keys, ...touched.flatMap((group) => [...group])]),
      ]
    }
    return groups.map((group) => [...group].sort().join(' ')).sort()
  }

  test('I-ID1, I-ID3: proofs of WeChat, cards and other systems commute: any order ends in the same people', () => {
    const orders = fc
      .array(bundle, { minLength: 1, maxLength: 14 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(orders, fc.array(someDay, { minLength: 14, maxLength: 14 }), ([one, other], days) => {
        const shapes = [one, other].map((bundles) => {
          const world = new World()
          for (const [n, proofs] of bundles.entries()) world.prove(proofs, daysAgo(days[n] as number))
          return world.shape()
        })
        expect(shapes).toEqual([grouped(one), grouped(one)])
      }),
      { numRuns: 300 },
    )
  })

  test('I-ID1, I-ID3: for a phone the latest wins, and an identity has one owner whatever happens', () => {
    const step = fc.record({ who: person, phone: fc.constantFrom('p', 'q'), days: someDay })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const world = new World()
        let today = 0
        for (const { who, phone: subject, days } of steps) {
          today += days
          const { owner } = world.prove([openidOf('weapp', who), phone(subject)], new Date(today * DAY_MS))
          expect(world.holderOf(phone(subject))).toBe(owner)
          expect(world.members.filter(({ identities }) => identities.length > 2)).toEqual([])
        }
        expect(new Set(owners(world)).size).toBe(owners(world).length)
        expect(world.members.length).toBe(new Set(steps.map(({ who }) => who)).size)
      }),
    )
  })

  test('mini-program and official account of one person never take the phone from each other, and end as one', () => {
    const side = fc.constantFrom('weapp', 'oa')
    const step = fc.record({ side, days: someDay, phone: fc.boolean(), union: fc.boolean() })
    // the unionid is learnt on one side at most, and perhaps on neither, until the end
    const story = fc.record({ learns: fc.option(side), steps: fc.array(step, { minLength: 1, maxLength: 12 }) })
    fc.assert(
      fc.property(story, ({ learns, steps }) => {
        const world = new World()
        let today = 0
        for (const { side: at, days, phone: withPhone, union: told } of steps) {
          today += days
          const before = world.holderOf(PHONE)
          const proofs = [
            openidOf(at, 1),
            ...(told && learns === at ? [union('u')] : []),
            ...(withPhone ? [PHONE] : []),
          ]
          const { found } = world.prove(proofs, new Date(today * DAY_MS))
          const merged = found.some(({ kind }) => kind === 'merge')
          if (before && !merged) expect(world.holderOf(PHONE)).toBe(before)
          expect(found.filter(({ kind }) => kind === 'move_phone' || kind === 'refuse')).toEqual([])
        }
        for (const at of ['weapp', 'oa']) world.prove([openidOf(at, 1), union('u')], new Date(today * DAY_MS))
        expect(world.members.length).toBe(1)
        expect(world.holderOf(PHONE)).toBe(steps.some(({ phone: proved }) => proved) ? world.members[0] : undefined)
      }),
      { numRuns: 300 },
    )
  })

  test('a recycled phone brings nobody a history: not by one proof, not by many, whatever else they prove', () => {
    const old = fc.array(fc.constantFrom(...[openidOf('oa', 9), union('9'), cardOf(9), externalOf(9)]), {
      minLength: 1,
    })
    const silent = fc.integer({ min: 90, max: 2_000 })
    fc.assert(
      fc.property(
        fc.uniqueArray(
          old.map((all) => all[0] as Proof),
          { minLength: 1, selector: keyOf },
        ),
        silent,
        fc.array(bundle, { minLength: 1, maxLength: 8 }),
        (theirs, days, bundles) => {
          const world = new World()
          const { owner } = world.prove([...theirs, PHONE], daysAgo(days))
          for (const proofs of bundles) world.prove([...proofs, PHONE], NOW)
          expect(
            owner?.identities
              .filter(({ kind }) => kind !== 'phone')
              .map(keyOf)
              .sort(),
          ).toEqual(theirs.map(keyOf).sort())
        },
      ),
    )
  })

  test('what was separated stays two by any rule, and everything else goes on as before', () => {
    const withPhone = fc.tuple(bundle, fc.boolean()).map(([proofs, proves]) => [...proofs, ...(proves ? [PHONE] : [])])
    const story = fc.array(fc.tuple(withPhone, someDay), { minLength: 2, maxLength: 16 })
    fc.assert(
      fc.property(story, fc.nat(5), fc.nat(5), (steps, one, other) => {
        const pair = [`m${one}`, `m${other}`]
        const world = new World((a, b) => a !== b && pair.includes(a) && pair.includes(b))
        let today = 0
        for (const [proofs, days] of steps) {
          today += days
          const { found } = world.prove(proofs, new Date(today * DAY_MS))
          for (const step of found)
            if (step.kind === 'merge') expect([step.survivorId, step.otherId].sort()).not.toEqual([...pair].sort())
        }
        expect(new Set(owners(world)).size).toBe(owners(world).length)
      }),
    )
  })
})

test('total: whatever it is given, it answers about the people it was given, and gives nobody what another holds', () => {
  const kind = fc.constantFrom<Proof['kind']>('wechat_openid', 'wechat_unionid', 'phone', 'store_card', 'external')
  const proof = fc.record({ kind, issuer: fc.constantFrom('', 'weapp', 'oa'), subject: fc.constantFrom('1', '2') })
  const day = fc.integer({ min: 0, max: 200 }).map(daysAgo)
  const holder = fc.record({
    memberId: fc.constantFrom('A', 'B', 'C'),
    identities: fc.array(fc.tuple(proof, day).map(([one, provenAt]) => ({ ...one, provenAt }))),
    lastActiveAt: day,
    joinedAt: day,
  })
  const input = fc.tuple(
    fc.array(proof),
    fc.uniqueArray(holder, { selector: ({ memberId }) => memberId }),
    fc.nat(3),
    fc.boolean(),
  )
  fc.assert(
    fc.property(input, ([proofs, holders, n, apart]) => {
      const me = holders[n]
      const given = JSON.stringify([proofs, holders])
      const found = resolveIdentity(proofs, holders, NOW, DEMO_POLICY, me, () => apart)
      expect(JSON.stringify([proofs, holders])).toBe(given)
      const named = Object.entries(found).flatMap(([key, id]) => (key.endsWith('Id') && id !== null ? [id] : []))
      expect(holders.map(({ memberId }) => memberId)).toEqual(expect.arrayContaining(named))
      expect(found.kind === 'attach' || 'because' in found).toBe(true)
      if (apart) expect(found.kind).not.toBe('merge')
      for (const one of proofsFor(found, proofs, holders).filter(({ kind: own }) => own !== 'phone'))
        expect(
          holders
            .filter(({ identities }) => identities.some((own) => keyOf(own) === keyOf(one)))
            .map(({ memberId }) => memberId)
            .filter((id) => id !== ('memberId' in found && found.memberId)),
        ).toEqual([])
    }),
    { numRuns: 500 },
  )
})
