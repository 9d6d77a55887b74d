import { randomUUID } from 'node:crypto'
import { type Database, openDatabase } from '../../bff/src/db'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import {
  clientOf,
  faultOf,
  join,
  joinAs,
  type Person,
  type RunningHouse,
  signIn,
  startHouse,
  strangerAt,
} from '../support/running-house'
import { addStrangers, codeOn, enrol, seedFor } from './demo-people.fixture'

const AT_ONCE = 64
const database = testDatabase()
let house: RunningHouse
let books: Database
let clerks: Person[]

/** The server process that the n-th caller happens to reach. */
const urlFor = (n: number) => house.bffs[n % house.bffs.length]?.url as string
const clerkFor = (n: number) => clerks[n % clerks.length] as Person
const atOnce = <T>(work: (n: number) => Promise<T>) => Promise.all(Array.from({ length: AT_ONCE }, (_, n) => work(n)))
function tally(results: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of results) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

beforeAll(async () => {
  house = await startHouse(database.url, { processes: 2 })
  await seedFor(database.url, house.masterKey)
  books = openDatabase(database.url, 4)
  clerks = await Promise.all(house.bffs.map(({ url }) => signIn(house.sandbox, url, 'qing')))
})
afterAll(async () => {
  await books?.close()
  await house?.stop()
})

/** A member with a code on the phone. */
async function newcomer() {
  const [key] = addStrangers(house, 1)
  const person = await join(house.sandbox, urlFor(0), key as string, { phone: true })
  return { ...person, phone: await enrol(person.api) }
}

describe('two server processes on one database', () => {
  test('I-ID1: 64 first sign-ins of one new person at once make one member', async () => {
    const [key] = addStrangers(house, 1)
    const joinedBefore = await books.prisma.member.count({ where: { joinChannel: 'weapp' } })
    const guests = await atOnce((n) => signIn(house.sandbox, urlFor(n), key as string))
    expect(guests.every(({ guest }) => guest)).toBe(true)
    const joined = await atOnce((n) =>
      joinAs(house.sandbox, guests[n] as Person, key as string, { phone: n % 2 === 0 }),
    )
    expect(new Set(joined.map(({ memberId }) => memberId)).size).toBe(1)
    const memberId = joined[0]?.memberId as string
    expect(await books.prisma.account.count({ where: { memberId } })).toBe(1)
    expect(await books.prisma.memberNo.count({ where: { memberId } })).toBe(1)
    expect(await books.prisma.member.count({ where: { joinChannel: 'weapp' } })).toBe(joinedBefore + 1)
    expect(await books.prisma.identity.count({ where: { memberId, kind: 'phone' } })).toBe(1)
  })

  test('I-ID1: 64 different people at once make 64 members with 64 numbers', async () => {
    const joined = await Promise.all(
      addStrangers(house, AT_ONCE).map((key, n) => join(house.sandbox, urlFor(n), key, { phone: true })),
    )
    const ids = joined.map(({ memberId }) => memberId)
    expect(new Set(ids).size).toBe(AT_ONCE)
    const members = await books.prisma.member.findMany({ where: { memberId: { in: ids } }, select: { memberNo: true } })
    expect(new Set(members.map(({ memberNo }) => memberNo)).size).toBe(AT_ONCE)
  })

  test('I-S1: 64 scans of one code open one visit; 63 are told that it was used', async () => {
    const { phone, memberId } = await newcomer()
    const code = codeOn(phone)
    const results = await atOnce((n) =>
      clerkFor(n)
        .api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: `hubin-${(n % 2) + 1}` })
        .then(
          () => 'visit',
          (error) => error.data.fault.code as string,
        ),
    )
    expect(tally(results)).toEqual({ visit: 1, CODE_USED: 63 })
    expect(await books.prisma.visit.count({ where: { memberId } })).toBe(1)
  })

  test('I-L5: one settle sent 64 times has one effect and 64 equal answers', async () => {
    const { phone, memberId } = await newcomer()
    const visit = await clerkFor(0).api.visit.scan.mutate({
      requestId: randomUUID(),
      code: codeOn(phone),
      tillId: 'hubin-1',
    })
    const asked = { requestId: randomUUID(), visitId: visit.visitId, memberRef: visit.memberRef, amountFen: 6_800 }
    const answers = await atOnce((n) => clerkFor(n).api.order.settle.mutate(asked))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await books.prisma.order.count({ where: { memberId } })).toBe(1)
    expect(await books.prisma.account.findUnique({ where: { memberId } })).toMatchObject({
      pendingPoints: 68,
      growth: 68,
    })
    expect(await faultOf(clerkFor(0).api.order.settle.mutate({ ...asked, amountFen: 9_900 }))).toMatchObject({
      code: 'REQUEST_REUSED',
    })
  })

  test('I-L1, I-L2: 64 different settles for one member at once all count, and the books hold', async () => {
    const { phone, memberId } = await newcomer()
    const visit = await clerkFor(0).api.visit.scan.mutate({
      requestId: randomUUID(),
      code: codeOn(phone),
      tillId: 'hubin-1',
    })
    await atOnce((n) =>
      clerkFor(n).api.order.settle.mutate({
        requestId: randomUUID(),
        visitId: visit.visitId,
        memberRef: visit.memberRef,
        amountFen: 2_000,
      }),
    )
    expect(await books.prisma.account.findUnique({ where: { memberId } })).toMatchObject({
      pendingPoints: 20 * AT_ONCE,
      growth: 20 * AT_ONCE,
    })
    expect(await books.prisma.standing.findUnique({ where: { memberId }, select: { tier: true } })).toEqual({ tier: 2 })
    await expectLedgerProven(database.url)
  })

  test('I-O1, I-O2: handed in, decided, counted and taken back 64 times at once: one reward each, or none', async () => {
    const [me, [tang, an]] = [
      await newcomer(),
      await Promise.all(['tang', 'an'].map((key, n) => signIn(house.sandbox, urlFor(n), key))),
    ]
    const { memberId } = me
    const span = {
      startsAt: new Date('2020-01-01'),
      endsAt: new Date('2100-01-01'),
      budgetPoints: 1_000,
      mark: 'leaf',
      words: '-',
    }
    const [told, counted] = ['told', 'counted'].map((name) => `${name}-${randomUUID().slice(0, 8)}`) as [string, string]
    const proven = {
      handed: { proof: 'handed_in', wants: { text: { min: 2, max: 50 } } },
      order: { proof: 'counted', counts: 'order' },
    }
    await books.prisma.obligation.createMany({
      data: [
        {
          ...span,
          ...proven.handed,
          obligationId: told,
          kind: 'product_test',
          title: '说一说',
          target: 1,
          rewardPoints: 30,
        },
        {
          ...span,
          ...proven.order,
          obligationId: counted,
          kind: 'ambassador_duty',
          title: '来坐坐',
          target: 3,
          rewardPoints: 40,
        },
      ],
    })
    for (const obligationId of [told, counted])
      await me.api.obligation.accept.mutate({ requestId: randomUUID(), obligationId })
    // the same session at both servers
    const doors = house.bffs.map(({ url }) => clientOf(url, () => me.joined.tokens.accessToken))
    const ended = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error) => error.data.fault.code as string,
      )
    const handIns = await atOnce((n) =>
      ended(
        (doors[n % 2] as typeof me.api).obligation.submit.mutate({
          requestId: randomUUID(),
          obligationId: told,
          text: '好喝',
          uploadIds: [],
        }),
      ),
    )
    expect(tally(handIns)).toEqual({ done: 1, PROOF_WAITING: 63 })
    const { cases } = await (tang as Person).api.obligation.queue.query({ state: 'waiting' })
    const caseRef = cases.find(({ obligation }) => obligation.title === '说一说')?.caseRef as string
    const verdicts = await atOnce((n) =>
      ended(
        ((n % 2 ? tang : an) as Person).api.obligation.decide.mutate({
          requestId: randomUUID(),
          caseRef,
          how: 'approve',
        }),
      ),
    )
    expect(tally(verdicts)).toEqual({ done: 1, REVIEW_DONE: 63 })
    const visit = await clerkFor(0).api.visit.scan.mutate({
      requestId: randomUUID(),
      code: codeOn(me.phone),
      tillId: 'hubin-1',
    })
    const { visitId, memberRef } = visit
    await atOnce((n) =>
      clerkFor(n).api.order.settle.mutate({ requestId: randomUUID(), visitId, memberRef, amountFen: 100 }),
    )
    const held = () =>
      books.prisma.obligationInstance.findMany({ where: { memberId }, orderBy: { obligationId: 'desc' } })
    expect(await held()).toMatchObject([
      { state: 'rewarded', progress: 1, pointsGiven: 30 },
      { state: 'rewarded', progress: AT_ONCE, pointsGiven: 40 },
    ])
    const { orders } = await clerkFor(0).api.order.recent.query({ visitId, memberRef })
    await Promise.all(
      orders.map(({ orderRef }, n) =>
        clerkFor(n)
          .api.order.return.mutate({ requestId: randomUUID(), orderRef })
          .catch(() => null),
      ),
    )
    const left = await books.prisma.order.count({ where: { memberId, state: 'settled' } })
    expect(await held()).toMatchObject([{ state: 'rewarded' }, { progress: left, pointsGiven: left < 3 ? 0 : 40 }])
    await expectLedgerProven(database.url)
  })

  test('a refresh token copied and used later ends the session for both holders', async () => {
    const [key] = addStrangers(house, 1)
    const { joined } = await join(house.sandbox, urlFor(0), key as string)
    const ask = (n: number, refreshToken: string) => strangerAt(urlFor(n)).api.session.refresh.mutate({ refreshToken })
    const first = joined.tokens.refreshToken
    const turned = await atOnce((n) => ask(n, first))
    expect(new Set(turned.map(({ refreshToken }) => refreshToken)).size).toBe(1)
    const second = turned[0]?.refreshToken as string
    const third = (await ask(0, second)).refreshToken
    expect(await faultOf(ask(1, first))).toMatchObject({ code: 'SESSION_OVER' })
    expect(await faultOf(ask(0, third))).toMatchObject({ code: 'SESSION_OVER' })
  })

  test('the audit chain of the store is whole after all that', async () => {
    const zhou = await signIn(house.sandbox, urlFor(1), 'zhou')
    const { entries, intact } = await zhou.api.audit.verify.query()
    expect(intact).toBe(true)
    expect(entries).toBeGreaterThan(AT_ONCE)
  })
})
