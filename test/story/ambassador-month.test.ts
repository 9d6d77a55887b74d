import { randomUUID } from 'node:crypto'
import { appRouter } from '../../bff/src/app-router'
import { reviewHonours } from '../../bff/src/honour'
import { newReward } from '../../bff/src/mall/mall.fixture'
import { award } from '../../bff/src/member/member.fixture'
import { newObligation } from '../../bff/src/obligation/obligation.fixture'
import { seedHonour } from '../../prisma/seed/honour'
import { seedRight } from '../../prisma/seed/right'
import { testDatabase } from '../support/database'
import { expectLedgerHolds } from '../support/ledger'
import {
  type Colleague,
  newMember,
  newStaff,
  newVisit,
  type Person,
  type TestHouse,
  testHouse,
} from '../support/people'
import { expectPromisesHold } from '../support/promises'
import { refusalOf } from '../support/refusals'

const TEMPLATE = 'template-honour'
const database = testDatabase()
let one: TestHouse
let clerk: Colleague
let operator: Colleague
let man: Person
const duties: Record<'tasting' | 'cups' | 'words', string> = { tasting: '', cups: '', words: '' }
let talk: string

const until = (text: string) => {
  one.clock.at = new Date(`${text}+08:00`)
}
/** The server's own procedures, as somebody who is signed in. */
const api = ({ memberId }: Pick<Person, 'memberId'>) =>
  appRouter.createCaller({
    house: one.house,
    requestId: randomUUID(),
    clientIp: '',
    log: one.house.log,
    actor: async () => ({ kind: 'member', memberId, sessionId: randomUUID() }),
  })
const once = <T extends object>(input: T) => ({ requestId: randomUUID(), ...input })
const review = async () => {
  const { warned, lapsed, kept } = await reviewHonours(one.as(), { batch: 100 })
  return { warned, lapsed, kept }
}
const title = async () => {
  const { honours } = await api(man).honour.mine()
  return honours.find(({ honourId }) => honourId === 'ambassador')
}
const early = async () => {
  const { rights } = await api(man).right.list()
  return rights.find(({ rightId }) => rightId === 'early_ambassador')?.state
}
/** A piece that the public gets in twelve hours. */
const comesEarly = async () => {
  const reward = await newReward(one, { publicInDays: 0.5, earlyHours: 24, points: 10 })
  return api(man).mall.exchange(once({ rewardId: reward.rewardId, points: 10 }))
}
const atTheCounter = async () => {
  const { visitId, memberRef } = await newVisit(one, man, clerk)
  return { visitId, memberRef }
}
const atTheTasting = async () => {
  const visit = await atTheCounter()
  return api(clerk).obligation.checkIn(once({ ...visit, obligationId: duties.tasting }))
}
const buysACup = async () => {
  const visit = await atTheCounter()
  await api(clerk).order.settle(once({ ...visit, amountFen: 2_600 }))
}
const refusedWith = (work: Promise<unknown>, code: Parameters<typeof refusalOf>[1]) =>
  refusalOf(
    work.catch((error: { cause?: unknown }) => Promise.reject(error.cause)),
    code,
  )

beforeAll(async () => {
  one = testHouse(database.url, { templates: { honour_ending: TEMPLATE } })
  until('2026-10-20T12:00:00')
  await seedHonour(one.as())
  await seedRight(one.as())
  clerk = await newStaff(one)
  operator = await newStaff(one, { role: 'operator', name: '运营小唐' })
  man = await newMember(one, { name: '小满' })
  await award(one, man.memberId, { points: 500 })
  const monthly = {
    kind: 'ambassador_duty',
    period: 'monthly',
    rewardPoints: 0,
    forHonourId: 'ambassador',
    keepsHonourId: 'ambassador',
    endsAt: new Date('2027-12-31T16:00:00Z'),
  }
  talk = (await newObligation(one, { kind: 'themed_activity', title: '大使见面会', honourId: 'ambassador' }))
    .obligationId
  duties.tasting = (await newObligation(one, { ...monthly, title: '带朋友坐一坐' })).obligationId
  const counted = { ...monthly, proof: 'counted', counts: 'order', target: 2 }
  duties.cups = (await newObligation(one, { ...counted, title: '喝两盏新茶' })).obligationId
  const wants = { text: { min: 5, max: 200 } }
  duties.words = (
    await newObligation(one, { ...monthly, proof: 'handed_in', wants, title: '写一段喝茶的话' })
  ).obligationId
})
afterEach(async () => {
  await expectLedgerHolds(one.house.prisma)
  await expectPromisesHold(one.house.prisma, one.clock.at)
})
afterAll(() => one.close())

describe('an ambassador’s month', () => {
  test('October: the title is granted at the counter, and with it the right to come early', async () => {
    expect([(await title())?.state, await early()]).toEqual(['open', 'locked'])
    await refusedWith(comesEarly(), 'REWARD_NOT_OPEN')
    const visit = await atTheCounter()
    const done = await api(clerk).obligation.checkIn(once({ ...visit, obligationId: talk }))
    expect(done.rewarded).toMatchObject({ honourName: '一盏大使' })
    expect(await title()).toMatchObject({
      state: 'worn',
      until: '2027-10-31T15:59:59.999Z',
      duties: { need: 3, done: 0, from: '2026-10-31T16:00:00.000Z' },
    })
    expect(await early()).toBe('available')
    expect((await comesEarly()).redemption).toMatchObject({ rightTitle: '大使早享' })
    expect(await api(man).honour.putOnWall(once({ honourId: 'ambassador' }))).toEqual({ onWall: true })
    expect((await api(man).honour.wall({ honourId: 'ambassador' })).people).toEqual([
      { name: '小满', since: '2026-10-20T04:00:00.000Z' },
    ])
    until('2026-10-31T23:30:00')
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
  })

  test('November: two duties are done, one is missed; a week before the end she is told', async () => {
    until('2026-11-05T15:00:00')
    await atTheTasting()
    for (const day of ['08', '12']) {
      until(`2026-11-${day}T10:00:00`)
      await buysACup()
    }
    expect((await title())?.duties).toMatchObject({ need: 3, done: 2, waiting: 0 })
    await api(man).outbox.allow(once({ results: [{ templateId: TEMPLATE, result: 'accept' as const }] }))
    until('2026-11-23T09:59:00')
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
    until('2026-11-23T10:00:00')
    expect(await review()).toEqual({ warned: 1, lapsed: 0, kept: 0 })
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
    expect(await title()).toMatchObject({ state: 'warned', because: 'duties', lapsesAt: '2026-11-30T15:59:59.999Z' })
    const [told, ...more] = await one.as().db.outboxMessage.findMany({ where: { template: 'honour_ending' } })
    expect([told?.payload, more]).toEqual([
      { name: '一盏大使', endsAt: '2026-11-30T15:59:59.999Z', because: 'duties' },
      [],
    ])
    // warned is still worn
    expect(await early()).toBe('available')
  })

  test('December: it has lapsed, is off the wall, and nobody comes early by it', async () => {
    until('2026-12-01T00:05:00')
    expect(await review()).toEqual({ warned: 0, lapsed: 1, kept: 0 })
    expect(await title()).toMatchObject({
      state: 'lapsed',
      because: 'duties',
      onWall: false,
      regainUntil: '2027-03-31T15:59:59.999Z',
    })
    expect(await early()).toBe('locked')
    await refusedWith(comesEarly(), 'REWARD_NOT_OPEN')
    expect((await api(man).honour.wall({ honourId: 'ambassador' })).people).toEqual([])
    await refusedWith(api(man).honour.putOnWall(once({ honourId: 'ambassador' })), 'HONOUR_NEEDED')
  })

  test('December: all three duties of a month win it back, to the end of its term', async () => {
    until('2026-12-03T15:00:00')
    await atTheTasting()
    await api(man).obligation.accept(once({ obligationId: duties.cups }))
    for (const day of ['05', '06']) {
      until(`2026-12-${day}T10:00:00`)
      await buysACup()
    }
    await api(man).obligation.accept(once({ obligationId: duties.words }))
    const written = { obligationId: duties.words, text: '雨天的午后，一盏岩茶慢慢回甘。', uploadIds: [] }
    await api(man).obligation.submit(once(written))
    expect((await title())?.duties).toMatchObject({ done: 2, waiting: 1 })
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
    const { cases } = await api(operator).obligation.queue({ state: 'waiting' })
    await api(operator).obligation.decide(once({ caseRef: cases[0]?.caseRef as string, how: 'approve' as const }))
    until('2026-12-06T12:00:00')
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 1 })
    expect(await title()).toMatchObject({
      state: 'worn',
      until: '2027-10-31T15:59:59.999Z',
      onWall: false,
      duties: { done: 3, from: '2026-12-31T16:00:00.000Z' },
    })
    expect(await early()).toBe('available')
    expect((await comesEarly()).redemption).toMatchObject({ rightTitle: '大使早享' })
    until('2026-12-31T23:30:00')
    expect(await review()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
  })
})
