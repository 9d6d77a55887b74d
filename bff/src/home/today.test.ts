import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newPhone, type TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { attachPhone } from '../member/attach-phone'
import { award, button, memberHouse, newMember, oldCard, owe } from '../member/member.fixture'
import { showHome } from './show-home'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

const todayOf = async (ctx: Parameters<typeof showHome>[0]) => (await showHome(ctx)).today.map(({ kind }) => kind)

test('what is worth doing today comes in the order of its worth, three at most', async () => {
  const card = await oldCard(one)
  const me = await newMember(one)
  await attachPhone(me.ctx, { requestId: randomUUID(), phone: button(card.phone) })
  await award(one, me.memberId, { points: 8, activeInDays: 15 })
  await award(one, me.memberId, { points: 5, expiresInDays: 30 })
  expect(await todayOf(me.ctx)).toEqual(['claim_card', 'points_expiring', 'first_code'])
  await newPhone(me)
  expect(await todayOf(me.ctx)).toEqual(['claim_card', 'points_expiring', 'points_maturing'])
  await one.house.prisma.identity.deleteMany({ where: { memberId: me.memberId, kind: 'phone' } })
  await one.house.prisma.claim.updateMany({ where: { memberId: me.memberId }, data: { settledAt: one.clock.at } })
  expect(await todayOf(me.ctx)).toEqual(['points_expiring', 'points_maturing', 'add_phone'])
})

test('points are told from 30 days before their end, to the millisecond, and never after it', async () => {
  const { ctx, memberId } = await newMember(one)
  await newPhone({ ctx })
  await award(one, memberId, { points: 5, expiresInDays: 40 })
  one.clock.pass(10 * DAY - 1)
  expect(await todayOf(ctx)).toEqual([])
  one.clock.pass(1)
  expect(await todayOf(ctx)).toEqual(['points_expiring'])
  one.clock.pass(30 * DAY)
  expect(await todayOf(ctx)).toEqual([])
})

test('what is owed is shown beside what is there', async () => {
  const { ctx, memberId } = await newMember(one)
  await award(one, memberId, { points: 20, activeInDays: 15 })
  await owe(one, memberId, 30)
  expect((await showHome(ctx)).card).toMatchObject({ points: 0, pendingPoints: 20, debtPoints: 30 })
})

test('nobody has no home', () => refusalOf(showHome(one.as()), 'SESSION_NEEDED'))
