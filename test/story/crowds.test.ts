import { randomUUID } from 'node:crypto'
import { type Database, openDatabase } from '../../bff/src/db'
import { testDatabase } from '../support/database'
import { expectFriendsHold } from '../support/friends'
import { expectLedgerProven } from '../support/ledger'
import { clientOf, join, joinAs, type Person, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { addStrangers, codeOn, enrol, seedFor } from './demo-people.fixture'

const AT_ONCE = 64
const database = testDatabase()
let house: RunningHouse
let books: Database
let clerks: Person[]

beforeAll(async () => {
  house = await startHouse(database.url, { processes: 2 })
  await seedFor(database.url, house.masterKey)
  books = openDatabase(database.url, 4)
  clerks = await Promise.all(house.bffs.map(({ url }) => signIn(house.sandbox, url, 'qing')))
})
afterEach(() => expectLedgerProven(database.url))
afterAll(async () => {
  await books?.close()
  await house?.stop()
})

const urlFor = (n: number) => house.bffs[n % house.bffs.length]?.url as string
const clerkFor = (n: number) => clerks[n % clerks.length] as Person
const times = <T>(count: number, work: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))
/** The same person asking the other process. */
const apiOn = (person: Person, n: number) => clientOf(urlFor(n), () => person.token)

/** How many calls came to each end: `answer`, or the code of a fault. */
async function endsOf(calls: Promise<unknown>[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  for (const result of await Promise.allSettled(calls)) {
    const end = result.status === 'fulfilled' ? 'answer' : (result.reason.data?.fault.code ?? String(result.reason))
    ends[end] = (ends[end] ?? 0) + 1
  }
  return ends
}

const newcomers = (count: number) =>
  Promise.all(addStrangers(house, count).map((key, n) => join(house.sandbox, urlFor(n), key, { phone: true })))

const grant = (memberId: string, points: number, sourceId = `crowd:${memberId}`, at = new Date()) =>
  books.sql('ledger_award', {
    memberId,
    at,
    kind: 'test',
    sourceId,
    points,
    growth: 0,
    activeAt: at,
    expiresAt: new Date(at.getTime() + 86_400_000 * 90),
    reason: 'opening',
    detail: {},
  })

const once = <T extends object>(input: T) => ({ requestId: randomUUID(), ...input })

describe('a crowd before two server processes', () => {
  test('I-M1, I-M2: 64 members for one piece: one redemption, one charge, 63 are told that it is gone', async () => {
    const crowd = await newcomers(AT_ONCE)
    await Promise.all(crowd.map(({ memberId }) => grant(memberId, 500)))
    const { rewards } = await crowd[0]!.api.mall.list.query()
    const reward = rewards.find(
      ({ kind, tierGate, points, stockTotal, numbered, refusal }) =>
        kind === 'pickup' && tierGate === 1 && points <= 500 && stockTotal !== null && !numbered && !refusal,
    )
    if (!reward) throw new Error('the demo has no reward for newcomers')
    const { rewardId, points } = reward
    await books.prisma.rewardStock.deleteMany({ where: { rewardId } })
    await books.prisma.rewardStock.create({ data: { rewardId, slot: 1, remaining: 1 } })
    const ends = await endsOf(crowd.map((one, n) => apiOn(one, n).mall.exchange.mutate(once({ rewardId, points }))))
    expect(ends).toEqual({ answer: 1, REWARD_GONE: AT_ONCE - 1 })
    const memberId = { in: crowd.map((one) => one.memberId) }
    expect(await books.prisma.redemption.count({ where: { rewardId, memberId } })).toBe(1)
    const charged = await books.prisma.account.findMany({ where: { memberId, availablePoints: { not: 500 } } })
    expect(charged.map(({ availablePoints }) => availablePoints)).toEqual([500 - points])
  })

  test('I-G1: one new member opens the gift 64 times at once: one gift', async () => {
    const [lucky] = await newcomers(1)
    const { gifts } = await lucky!.api.gift.list.query()
    const giftId = gifts[0]?.giftId as string
    const calls = Array.from({ length: AT_ONCE }, (_, n) => apiOn(lucky!, n).gift.open.mutate(once({ giftId })))
    expect(await endsOf(calls)).toEqual({ answer: 1, GIFT_TAKEN: AT_ONCE - 1 })
    const where = { memberId: lucky!.memberId }
    expect(await books.prisma.giftGiven.count({ where })).toBe(1)
    expect(await books.prisma.coupon.count({ where })).toBe(1)
    expect(await books.prisma.redemption.count({ where })).toBe(1)
    expect(await books.prisma.account.findUnique({ where })).toMatchObject({ availablePoints: 100 })
  })

  test('I-C1: 64 members claim a coupon of which there is one: one gets it', async () => {
    const crowd = await newcomers(AT_ONCE)
    const templateId = `last-one-${randomUUID().slice(0, 8)}`
    await books.prisma.couponTemplate.create({
      data: {
        templateId,
        title: '最后一张',
        kind: 'amount_off',
        amountOffFen: 500,
        validDays: 7,
        totalLimit: 1,
        claimable: true,
        rules: '每店可用',
      },
    })
    const ends = await endsOf(crowd.map((one, n) => apiOn(one, n).coupon.claim.mutate(once({ templateId }))))
    expect(ends).toEqual({ answer: 1, COUPON_GONE: AT_ONCE - 1 })
    expect(await books.prisma.coupon.count({ where: { templateId } })).toBe(1)
  })

  test('I-L1, I-L2, I-L3: 32 exchanges beside 32 purchases of one member: sums hold, none below zero', async () => {
    const [busy] = await newcomers(1)
    await grant(busy!.memberId, 3_000)
    const { rewards } = await busy!.api.mall.list.query()
    const reward = rewards.find(
      ({ kind, perPersonLimit, refusal }) => kind === 'coupon' && perPersonLimit === null && !refusal,
    )
    if (!reward) throw new Error('the demo has no reward without a limit')
    const { rewardId, points } = reward
    const phone = await enrol(busy!.api)
    const visit = await clerkFor(0).api.visit.scan.mutate(once({ code: codeOn(phone), tillId: 'hubin-1' }))
    const { visitId, memberRef } = visit
    const settle = (n: number) => clerkFor(n).api.order.settle.mutate(once({ visitId, memberRef, amountFen: 2_000 }))
    const exchange = (n: number) => apiOn(busy!, n).mall.exchange.mutate(once({ rewardId, points }))
    const ends = await endsOf((await times(32, async (n) => [settle(n), exchange(n)])).flat())
    const bought = Math.min(32, Math.floor(3_000 / points))
    expect(ends).toEqual({ answer: 32 + bought, ...(bought < 32 ? { POINTS_SHORT: 32 - bought } : {}) })
    expect(await books.prisma.account.findUnique({ where: { memberId: busy!.memberId } })).toMatchObject({
      availablePoints: 3_000 - bought * points,
      pendingPoints: 32 * 20,
      debtPoints: 0,
    })
  })

  test('I-F1: one newcomer joins 64 times at once by 64 different links: one inviter', async () => {
    const inviters = await newcomers(AT_ONCE)
    const links = await Promise.all(inviters.map(async ({ api }) => (await api.referral.mine.query()).code))
    const [key] = addStrangers(house, 1)
    const guests = await times(AT_ONCE, (n) => signIn(house.sandbox, urlFor(n), key as string))
    const joined = await Promise.all(
      guests.map((guest, n) =>
        joinAs(house.sandbox, guest, key as string, { arrival: { channel: 'weapp', link: links[n] as string } }),
      ),
    )
    const memberIds = new Set(joined.map(({ memberId }) => memberId))
    expect(memberIds.size).toBe(1)
    expect(await books.prisma.referral.count({ where: { memberId: { in: [...memberIds] } } })).toBe(1)
  })

  test('I-F2: 14 friends of one buy at once, ten are promised; two operators decide on one of them 16 times: once', async () => {
    const [mei] = await newcomers(1)
    const { code: link } = await mei!.api.referral.mine.query()
    const friends = await Promise.all(
      addStrangers(house, 14).map((key, n) =>
        join(house.sandbox, urlFor(n), key, { phone: true, arrival: { channel: 'weapp', link } }),
      ),
    )
    const visits = await Promise.all(
      friends.map(async ({ api }, n) =>
        clerkFor(n).api.visit.scan.mutate(once({ code: codeOn(await enrol(api)), tillId: 'hubin-1' })),
      ),
    )
    const settle = ({ visitId, memberRef }: (typeof visits)[number], n: number) =>
      clerkFor(n).api.order.settle.mutate(once({ visitId, memberRef, amountFen: 2_000 }))
    await Promise.all(visits.map(settle))
    const edges = await books.prisma.referral.findMany({ where: { inviterId: mei!.memberId } })
    const held = edges.filter(({ state }) => state === 'held')
    expect([held.length, edges.filter(({ reason }) => reason === 'cap').length]).toEqual([10, 4])
    const [{ memberId, referralId, inviterId } = held[0]!] = held
    const at = new Date()
    const judged = { verdict: 'review', doubts: ['velocity'], facts: null, riskRank: null, at }
    const seen = { inviterId, judgedAt: null, reviewedAt: null, cleared: [] }
    await books.sql('referral_judge', { memberId, referralId, seen, ...judged })
    const operators = await Promise.all(['tang', 'an'].map((key, n) => signIn(house.sandbox, urlFor(n), key)))
    const queues = await Promise.all(operators.map(({ api }) => api.referral.queue.query({ state: 'review' })))
    const refs = queues.map(({ cases }) => cases.at(-1)?.caseRef as string)
    const decided = Array.from({ length: 16 }, (_, n) =>
      apiOn(operators[n % 2] as Person, n >> 1).referral.decide.mutate(
        once({ caseRef: refs[n % 2] as string, how: 'pay' as const, answer: '' }),
      ),
    )
    expect(await endsOf(decided)).toEqual({ answer: 1, REVIEW_DONE: 15 })
    expect(await books.prisma.referral.findFirst({ where: { referralId } })).toMatchObject({
      state: 'held',
      cleared: ['velocity'],
    })
  })

  test('I-F1 to I-F4: purchases, returns, merges, newcomers and the kill switch at once: what is left keeps every promise', async () => {
    const inviters = await newcomers(2)
    const links = await Promise.all(inviters.map(async ({ api }) => (await api.referral.mine.query()).code))
    const joining = (count: number) =>
      addStrangers(house, count).map((key, n) =>
        join(house.sandbox, urlFor(n), key, {
          phone: true,
          arrival: { channel: 'weapp', link: links[n % 2] as string },
        }),
      )
    const friends = await Promise.all(joining(10))
    const visits = await Promise.all(
      friends.map(async ({ api }, n) =>
        clerkFor(n).api.visit.scan.mutate(once({ code: codeOn(await enrol(api)), tillId: 'hubin-1' })),
      ),
    )
    const settle = ({ visitId, memberRef }: (typeof visits)[number], n: number) =>
      clerkFor(n).api.order.settle.mutate(once({ visitId, memberRef, amountFen: 2_000 }))
    const [early, late] = [visits.slice(0, 6), visits.slice(6)]
    await Promise.all(early.map(settle))
    const bought = await Promise.all(early.map((visit, n) => clerkFor(n).api.order.recent.query(visit)))
    const giveBack = (n: number) =>
      clerkFor(n).api.order.return.mutate(once({ orderRef: bought[n]?.orders[0]?.orderRef as string }))
    const operators = await Promise.all(['tang', 'an'].map((key, n) => signIn(house.sandbox, urlFor(n), key)))
    const merge = async (pair: (Person | undefined)[], n: number) => {
      const { api } = operators[n] as Person
      const [one, two] = await Promise.all(
        pair.map(async (who) => {
          const where = { memberId: who?.memberId as string }
          return (await books.prisma.member.findUniqueOrThrow({ where })).memberNo
        }),
      )
      const named = { one: one as string, two: two as string }
      const { seal } = await api.merge.preview.query(named)
      return api.merge.merge.mutate(once({ ...named, seal: seal as string, note: '同一个人' }))
    }
    const { campaignId } = await books.prisma.referralCampaign.findFirstOrThrow({ where: { stoppedAt: null } })
    const stop = { kind: 'referral' as const, campaignId, reason: '先停一停' }
    const ends = await endsOf([
      ...late.map(settle),
      ...[0, 1, 2, 3].map(giveBack),
      // brought by two inviters, and by oneself
      merge([friends[4], friends[5]], 0),
      merge([inviters[1], friends[3]], 1),
      apiOn(operators[0] as Person, 1).campaign.stop.mutate(once(stop)),
      ...joining(4),
    ])
    // a purchase that is taken back while its buyer is merged may have to be looked up again
    expect(
      Object.keys(ends).filter((end) => !['answer', 'BUSY', 'NOT_FOUND', 'PREVIEW_CHANGED'].includes(end)),
    ).toEqual([])
    await expectFriendsHold(books.prisma)
    const promised = [{ state: { in: ['held', 'review', 'released'] } }, { clawedBack: true }]
    const kept = await books.prisma.referral.count({ where: { campaignId, OR: promised } })
    const { spentPoints, rewardPoints } = await books.prisma.referralCampaign.findUniqueOrThrow({
      where: { campaignId },
    })
    expect(spentPoints).toBe(kept * rewardPoints)
    // once it is stopped nobody is promised anything more
    const [after] = await Promise.all(joining(1))
    expect(await books.prisma.referral.count({ where: { memberId: after?.memberId as string } })).toBe(0)
  })
})
