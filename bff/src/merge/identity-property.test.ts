import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { throws, whileTime } from '../../../test/support/dice'
import { expectLedgerHolds, expectLedgerProven } from '../../../test/support/ledger'
import type { TestHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { type Ctx, inTx, type ProvenIdentity } from '../ctx'
import { attachProofs, phoneProof, settleProofs, survivingId } from '../member'
import { newNumber } from '../member/member.fixture'
import {
  arrive,
  deedsOf,
  type Everything,
  newCircle,
  openEverything,
  openRoom,
  type Somebody,
} from '../order/everything.fixture'
import { Refusal, twiceWhenBusy } from '../refusal'
import { joinMember } from '../session/join-member'
import { expectOneOwnerEach } from './owners.fixture'
import { operatorOf } from './undo.fixture'
import { previewUndo, undoMerge } from './undo-merge'

const database = testDatabase()
let till: Awaited<ReturnType<typeof openRoom>>
beforeAll(async () => {
  till = await openRoom(database.url)
})
afterAll(async () => {
  await till.room.close()
  await expectLedgerProven(database.url)
})

const LANES = 8
const MINUTE = 60_000
const DAY = 86_400_000

/** Anything but a refusal is a failure; says how many did what they were asked. */
async function settledOrRefused(works: Promise<unknown>[]): Promise<number> {
  let done = 0
  for (const result of await Promise.allSettled(works)) {
    if (result.status === 'fulfilled') done++
    else if (!(result.reason instanceof Refusal)) throw result.reason
  }
  return done
}

/** Works through all of it with so many at a time, as that many connections would. */
async function inLanes(works: (() => Promise<unknown>)[]): Promise<number> {
  const waiting = [...works]
  const lane = async () => {
    let done = 0
    for (let work = waiting.shift(); work; work = waiting.shift()) done += await settledOrRefused([work()])
    return done
  }
  const lanes = await Promise.all(Array.from({ length: LANES }, lane))
  return lanes.reduce((sum, count) => sum + count, 0)
}

describe('proofs in random order and in parallel', () => {
  const openid = (issuer: string, n: number): ProvenIdentity => ({ kind: 'wechat_openid', issuer, subject: `o${n}` })
  const PEOPLE = 4
  /** One sign-in: an app of the brand, with or without the unionid that WeChat may tell, perhaps with one of two phones. */
  const signIn = fc.record({
    who: fc.nat(PEOPLE - 1),
    app: fc.constantFrom('weapp', 'oa', 'second'),
    union: fc.boolean(),
    phone: fc.option(fc.nat(1)),
  })

  type SignIn = { who: number; app: string; union: boolean; phone: number | null }
  const isTold = ({ union, phone }: { union: boolean; phone: number | null }) => union || phone !== null

  test('I-ID1, I-ID3: an identity has one owner; what WeChat says ends as in any serial order; the phone has a prover', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(signIn, { minLength: 8, maxLength: 20 }),
        whileTime(15_000, async (signIns: SignIn[]) => {
          const world = randomUUID().slice(0, 8)
          const phones = [newNumber(), newNumber()]
          const proofsOf = ({ who, app, union, phone }: SignIn): ProvenIdentity[] => [
            { ...openid(`${world}-${app}`, who) },
            // without it two people who share a phone could be taken for one
            ...(union || phone !== null
              ? [{ kind: 'wechat_unionid' as const, issuer: '', subject: `${world}-${who}` }]
              : []),
            ...(phone === null ? [] : [phoneProof(till.one.house.keys, phones[phone] as string)]),
          ]
          const join = (on: TestHouse, proofs: ProvenIdentity[]) => {
            const guest = { kind: 'guest', guestId: randomUUID(), proofs, arrival: { channel: 'x' } } as const
            const place = { requestId: randomUUID(), deviceLabel: 'x', platform: 'h5' } as const
            return joinMember(
              { ...on.as(), actor: guest },
              { ...place, consentVersion: on.house.policy.consentVersion },
            )
          }
          await inLanes(signIns.map((one, n) => () => join(till.room.at(n), proofsOf(one))))
          // what could not be told while it was under way is told the next time that each comes
          for (const one of signIns)
            await settledOrRefused([join(till.one, proofsOf({ ...one, union: isTold(one), phone: null }))])
          const held = (await till.prisma.identity.findMany({
            where: { OR: signIns.flatMap(proofsOf).map(keyOf) },
          })) as (ProvenIdentity & { memberId: string })[]
          const ownerOf = (proof: ProvenIdentity) =>
            held.find(({ kind, issuer, subject }) => is({ kind, issuer, subject }, proof))?.memberId
          for (const one of signIns.filter(isTold)) {
            const [app, union] = proofsOf({ ...one, union: true, phone: null })
            expect(ownerOf(app as ProvenIdentity)).toBe(ownerOf(union as ProvenIdentity))
          }
          const provers = signIns.filter(({ phone }) => phone === 0).map((one) => ownerOf(proofsOf(one)[0] as never))
          const owner = ownerOf(phoneProof(till.one.house.keys, phones[0] as string))
          // nobody's once its owner has proven another one
          if (owner !== undefined) expect(provers).toContain(owner)
          // two people whom WeChat tells apart are never one, whatever phones they share
          const people = new Map(signIns.filter(isTold).map((one) => [one.who, ownerOf(proofsOf(one)[1] as never)]))
          expect(new Set(people.values()).size).toBe(people.size)
          await expectOneOwnerEach(till.prisma)
        }),
      ),
      { numRuns: throws(6), endOnFailure: true },
    )
  })
})

const keyOf = ({ kind, issuer, subject }: ProvenIdentity) => ({ kind, issuer, subject })
const is = (a: ReturnType<typeof keyOf>, b: ProvenIdentity) =>
  a.kind === b.kind && a.issuer === b.issuer && a.subject === b.subject

const DEEDS = [
  ...['buy', 'buy', 'hold', 'settle', 'settle', 'release', 'giveBack', 'handOver', 'checkIn', 'exchange', 'exchange'],
  ...['cancel', 'open', 'open', 'claim', 'earn', 'payFriends', 'endHolds', 'makeReady'],
]
const deed = fc.record({ what: fc.constantFrom(...DEEDS), who: fc.nat(7), nth: fc.nat(5) })
const mix = fc.record({
  deeds: fc.array(deed, { minLength: 18, maxLength: 18 }),
  merges: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { minLength: 1, maxLength: 3 }),
  undos: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
  phones: fc.array(fc.tuple(fc.nat(7), fc.nat(2)), { maxLength: 3 }),
})
type Mix = typeof mix extends fc.Arbitrary<infer M> ? M : never

/** Binds a phone to whoever this record is by now, as the phone's own verb does. */
const prove = (ctx: Ctx, memberId: string, phone: string) =>
  twiceWhenBusy(() =>
    inTx(ctx, async (tx) => {
      const { found, take } = await settleProofs(tx, [phoneProof(tx.keys, phone)], await survivingId(tx.db, memberId))
      if ('memberId' in found && found.memberId) await attachProofs(tx, found.memberId, take)
    }),
  )

/** Looks at one of the merges that these people have come through, and takes it back when nothing is in the way. */
async function undoOne(on: TestHouse, people: Somebody[], nth: number): Promise<boolean> {
  const ids = people.map(({ memberId }) => memberId)
  const merges = await on.house.prisma.mergeRecord.findMany({
    where: { otherId: { in: ids } },
    orderBy: { mergeId: 'desc' },
  })
  const { mergeId } = merges[nth % Math.max(1, merges.length)] ?? {}
  if (!mergeId) return false
  const { ctx } = await operatorOf(on)
  const charge = nth % 2 ? 'survivor' : 'programme'
  const { blockers, seal } = await previewUndo(ctx, { mergeId, charge })
  if (blockers.length > 0) return false
  await undoMerge(ctx, { requestId: randomUUID(), mergeId, charge, note: '认错了人', seal })
  return true
}

test('I-ID1, I-ID2, I-ID5: merges and undos amid purchases, spends, gifts and coupons: the books hold, every number leads on', async () => {
  const happened = { merges: 0, undos: 0 }
  // dice that never merge or never undo have tested nothing
  const both = () => Math.min(happened.merges, happened.undos) > 0
  const rounds = fc.array(mix, { minLength: 4, maxLength: 4 })
  const walk = async (mixes: Mix[]) => {
    const all = await openEverything(till)
    const people = await newCircle(all)
    const phones = [newNumber(), newNumber(), newNumber()]
    for (const [n, one] of mixes.entries()) {
      till.one.clock.pass(n % 2 ? MINUTE : 3 * DAY)
      for (const who of people) who.visit = await arrive(all, who.memberId)
      await round(all, people, phones, one, happened)
      await expectLedgerHolds(till.prisma)
      await expectPromisesHold(till.prisma, till.one.clock.at)
      await expectOneOwnerEach(till.prisma)
    }
  }
  await fc.assert(fc.asyncProperty(rounds, whileTime(20_000, walk, both)), { numRuns: throws(6), endOnFailure: true })
  expect(both()).toBe(true)
})

async function round(
  all: Everything,
  people: Somebody[],
  phones: string[],
  { deeds: wished, merges, undos, phones: proven }: Mix,
  happened: { merges: number; undos: number },
): Promise<void> {
  const deeds = deedsOf(all)
  const works = wished.map(
    ({ what, who, nth }, n) =>
      async () =>
        deeds[what]?.(people[who] as Somebody, all.room.at(n), nth),
  )
  const others = [
    ...merges.map(([one, other], n) => async () => {
      const ids = [people[one]?.memberId as string, people[other]?.memberId as string]
      const [dst, src] = await Promise.all(ids.map((id) => survivingId(all.prisma, id)))
      if (dst === src) return
      await all.room.merge(dst as string, src as string, all.room.at(n))
      happened.merges++
    }),
    ...undos.map((nth, n) => async () => {
      if (await undoOne(all.room.at(n), people, nth)) happened.undos++
    }),
    ...proven.map(
      ([who, phone], n) =>
        () =>
          prove(all.room.at(n).as(), people[who]?.memberId as string, phones[phone] as string),
    ),
  ]
  // spread among the rest, so that each meets some of it
  for (const [n, work] of others.entries()) works.splice((n + 1) * 3, 0, work as () => Promise<unknown>)
  await inLanes(works)
}
