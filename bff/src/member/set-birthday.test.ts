import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { NOON, newMember, type Person, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { merged, undone } from '../merge/undo.fixture'
import { getMe } from './get-me'
import { setBirthday } from './set-birthday'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
beforeAll(() => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
})
beforeEach(() => {
  one.clock.at = NOON
})
afterAll(() => Promise.all([one.close(), other.close()]))

const set = ({ memberId }: Person, month: number, day: number, { at = one, requestId = randomUUID() as string } = {}) =>
  setBirthday(at.as(memberId), { requestId, month, day })
const told = async ({ ctx }: Person) => {
  const { birthday, birthdayFixedUntil } = await getMe(ctx)
  return [birthday, birthdayFixedUntil]
}

test('is written at once, changed a year later, and not shortly before it', async () => {
  const me = await newMember(one)
  expect(await told(me)).toEqual([null, null])
  // in ten days: the first time is free
  expect(await set(me, 12, 2)).toEqual({ month: 12, day: 2 })
  // a year on it is ten days before it again
  expect(await told(me)).toEqual([{ month: 12, day: 2 }, '2027-12-02T16:00:00.000Z'])
  expect(await refusalOf(set(me, 6, 1), 'BIRTHDAY_FIXED')).toEqual({ until: '2027-12-02T16:00:00.000Z' })
  expect(await set(me, 12, 2)).toEqual({ month: 12, day: 2 })
  one.clock.at = new Date('2027-12-02T16:00:00.000Z')
  await set(me, 2, 29)
  expect(await told(me)).toEqual([{ month: 2, day: 29 }, '2028-12-01T16:00:00.000Z'])
  await refusalOf(set(me, 2, 30), 'BAD_INPUT')
})

test('one that was imported may be corrected once at any time, but not shortly before it', async () => {
  const [me, soon] = [await newMember(one), await newMember(one)]
  const import_ = ({ memberId }: Person, birthMonth: number, birthDay: number) =>
    one.as().db.member.update({ where: { memberId }, data: { birthMonth, birthDay } })
  await import_(me, 3, 8)
  await import_(soon, 12, 2)
  await set(me, 3, 9)
  await refusalOf(set(me, 3, 8), 'BIRTHDAY_FIXED')
  expect(await refusalOf(set(soon, 3, 8), 'BIRTHDAY_FIXED')).toEqual({ until: '2026-12-02T16:00:00.000Z' })
})

test('64 different days at once over two processes: one is written; one command sent 64 times is one', async () => {
  const [me, you] = [await newMember(one), await newMember(one)]
  const at = (n: number) => (n % 2 ? one : other)
  const days = Array.from({ length: 64 }, (_, n) => set(me, 1 + (n % 12), 1 + (n % 28), { at: at(n) }))
  const ends = await endsOf(days)
  expect((ends.BIRTHDAY_FIXED ?? 0) + (ends.answer ?? 0) + (ends.BUSY ?? 0)).toBe(64)
  const { birthMonth, birthDay } = await one.as().db.member.findUniqueOrThrow({ where: { memberId: me.memberId } })
  const same = Array.from({ length: 64 }, (_, n) => n).filter(
    (n) => 1 + (n % 12) === birthMonth && 1 + (n % 28) === birthDay,
  )
  expect(ends.answer).toBeLessThanOrEqual(same.length)
  const requestId = randomUUID()
  const asked = Array.from({ length: 64 }, (_, n) => set(you, 5, 4, { requestId, at: at(n) }))
  expect(await endsOf(asked)).toEqual({ answer: 64 })
  await refusalOf(set(you, 5, 5, { requestId }), 'REQUEST_REUSED')
})

test('two records that become one keep the survivor’s, or the other’s with its date; taken back, it goes back', async () => {
  const [kept, gone, own] = [await newMember(one), await newMember(one), await newMember(one)]
  await set(gone, 7, 1)
  await set(own, 8, 1)
  const first = await merged(one, kept.memberId, gone.memberId)
  expect(await told(kept)).toEqual([{ month: 7, day: 1 }, '2027-11-21T16:00:00.000Z'])
  await undone(one, first)
  expect(await told(kept)).toEqual([null, null])
  expect((await told(gone))[0]).toEqual({ month: 7, day: 1 })
  await merged(one, own.memberId, gone.memberId)
  expect((await told(own))[0]).toEqual({ month: 8, day: 1 })
})
