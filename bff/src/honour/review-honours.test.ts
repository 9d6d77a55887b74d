import { randomInt } from 'node:crypto'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { testDatabase } from '../../../test/support/database'
import { newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { expectPromisesHold } from '../../../test/support/promises'
import { snapshotOf } from '../merge/before-after.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { newRight } from '../right/right.fixture'
import { reviewHonours } from '.'
import { grant, heldBy, newTitle, undertaken } from './honour.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
})
afterEach(() => expectPromisesHold(one.house.prisma, one.clock.at))
afterAll(() => Promise.all([one.close(), other.close()]))

const until = (text: string) => {
  one.clock.at = new Date(`${text}+08:00`)
}
const reviewAll = () => reviewHonours(one.as(), { batch: 500 })
const statesOf = async (people: Person[], honourId: string) =>
  Promise.all(people.map(async (person) => (await heldBy(one, person, honourId))?.state))
const count = (texts: unknown[]) =>
  Object.fromEntries(['worn', 'warned', 'lapsed'].map((text) => [text, texts.filter((one) => one === text).length]))

/** Everything that is due, in small batches on two servers at once. */
async function reviewBeside() {
  const sum = { warned: 0, lapsed: 0, kept: 0 }
  for (let due = 1; due > 0; ) {
    const both = await Promise.all([one, other].map((house) => reviewHonours(house.as(), { batch: 3 })))
    for (const done of both)
      for (const end of ['warned', 'lapsed', 'kept'] as const) {
        expect(done.failed).toBe(0)
        sum[end] += done[end]
      }
    due = Math.max(...both.map(({ found }) => found))
  }
  return sum
}

test('a month of twelve titles on two servers: each is warned once, kept, lapsed and won back once', async () => {
  until('2026-10-20T12:00:00')
  const { honourId, duties } = await newTitle(one)
  const people = await Promise.all(Array.from({ length: 12 }, () => newMember(one)))
  for (const { memberId } of people) {
    await grant(one, { memberId }, honourId)
    await one.house.sql('outbox_allow', { memberId, template: 'honour_ending', count: 9, at: one.clock.at })
  }
  const rightId = await newRight(one, { tierFrom: null, honourId, hours: 24 })
  const has = async ({ memberId }: Person) => {
    const call = { memberId, at: one.clock.at }
    const { own } = await one.house.sql<{ own: { honours: string[] } }>('right_show', call)
    return own.honours.includes(honourId)
  }
  expect(rightId).toBeTruthy()
  // the month that it was given in asks for nothing
  until('2026-10-31T23:00:00')
  expect(await reviewBeside()).toEqual({ warned: 0, lapsed: 0, kept: 0 })

  until('2026-11-10T12:00:00')
  for (const [n, person] of people.entries())
    for (const obligationId of duties.slice(0, n % 3)) await undertaken(one, person, obligationId)
  until('2026-11-23T10:00:00')
  expect(await reviewBeside()).toEqual({ warned: 8, lapsed: 0, kept: 0 })
  expect(await reviewBeside()).toEqual({ warned: 0, lapsed: 0, kept: 0 })
  const told = await one.as().db.outboxMessage.findMany({ where: { template: 'honour_ending' } })
  expect(told).toHaveLength(8)
  expect(told[0]?.payload).toEqual({ name: '一盏大使', endsAt: '2026-11-30T15:59:59.999Z', because: 'duties' })

  // one makes up for what is missing, one hands in what nobody has looked at yet
  const [missing, , done, halfway, late] = people as [Person, Person, Person, Person, Person]
  await undertaken(one, missing, duties[0] as string)
  await undertaken(one, missing, duties[1] as string)
  await undertaken(one, halfway, duties[0] as string)
  await undertaken(one, halfway, duties[1] as string, 'submitted')
  const seen = await one.house.sql('honour_facts', { memberId: late.memberId, honourId, at: one.clock.at })
  until('2026-12-01T00:30:00')
  expect(await reviewBeside()).toEqual({ warned: 0, lapsed: 6, kept: 1 })
  expect(count(await statesOf(people, honourId))).toEqual({ worn: 5, warned: 1, lapsed: 6 })
  expect([await has(done), await has(halfway), await has(late)]).toEqual([true, true, false])

  // what was decided on facts of before is not written
  const stale = {
    memberId: late.memberId,
    honourId,
    at: one.clock.at,
    seen,
    next: { state: 'worn' },
    reviewAt: one.clock.at,
  }
  expect(await one.house.sql('honour_turn', stale)).toEqual({ turned: false })

  until('2026-12-05T12:00:00')
  for (const obligationId of duties.slice(0, 2)) await undertaken(one, late, obligationId)
  expect(await reviewBeside()).toEqual({ warned: 0, lapsed: 0, kept: 1 })
  expect([await has(late), await heldBy(one, late, honourId)]).toMatchObject([
    true,
    { state: 'worn', expiresAt: null, because: null, dutiesFrom: new Date('2027-01-01T00:00:00+08:00') },
  ])
})

test('a title given again to who has lost it is worn anew, with a month of grace; its own term is the database’s, too', async () => {
  until('2027-03-30T12:00:00')
  const { honourId } = await newTitle(one, { termMonths: 12 })
  const me = await newMember(one)
  await grant(one, me, honourId)
  until('2027-04-24T12:00:00')
  await reviewAll()
  until('2027-05-02T12:00:00')
  await reviewAll()
  expect(await heldBy(one, me, honourId)).toMatchObject({
    state: 'lapsed',
    because: 'duties',
    expiresAt: one.clock.at,
    termEndsAt: new Date('2028-03-31T23:59:59.999+08:00'),
  })
  await grant(one, me, honourId)
  expect(await heldBy(one, me, honourId)).toMatchObject({
    ...{ state: 'worn', because: null, lapsedAt: null, wallAt: null, grantedAt: one.clock.at },
    expiresAt: new Date('2028-05-31T23:59:59.999+08:00'),
    dutiesFrom: new Date('2027-06-01T00:00:00+08:00'),
  })
})

test('I-ID4: honours in every state are as they were after two merges and their undo', async () => {
  const titles = [await newTitle(one), await newTitle(one, { termMonths: 3 })]
  for (let round = 0; round < 6; round++) {
    const people = [await newMember(one), await newMember(one), await newMember(one)] as [Person, Person, Person]
    // each title of each at some point of its life, some of them on the wall
    for (let step = 0; step < 8; step++) {
      one.clock.pass(randomInt(20) * 86_400_000)
      const [person, title] = [people[randomInt(3)] as Person, titles[randomInt(2)] as (typeof titles)[0]]
      await grant(one, person, title.honourId)
      if (randomInt(2)) await reviewAll()
      const where = { memberId: person.memberId, honourId: title.honourId, state: { not: 'lapsed' } }
      if (randomInt(2)) await one.as().db.honourHeld.updateMany({ where, data: { wallAt: one.clock.at } })
    }
    const ids = people.map(({ memberId }) => memberId)
    const walled = () => one.as().db.honourHeld.count({ where: { memberId: { in: ids }, wallAt: { not: null } } })
    const before = await snapshotOf(one.house.prisma, ids)
    const first = await merged(one, ids[1] as string, ids[2] as string)
    const between = await snapshotOf(one.house.prisma, ids)
    const shown = await walled()
    const second = await merged(one, ids[0] as string, ids[1] as string)
    expect(await walled()).toBeLessThanOrEqual(shown)
    await expectPromisesHold(one.house.prisma, one.clock.at)
    await undone(one, second)
    expect(await snapshotOf(one.house.prisma, ids)).toEqual(between)
    await undone(one, first)
    expect(await snapshotOf(one.house.prisma, ids)).toEqual(before)
  }
  expect(DEMO_POLICY.honourRegainMonths).toBeGreaterThan(0)
})
