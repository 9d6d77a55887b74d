import { type Database, openDatabase } from '../../bff/src/db'
import { seedFor } from '../../test/story/demo-people.fixture'
import { testDatabase } from '../../test/support/database'

const KEY = Buffer.alloc(32, 7).toString('base64')
const database = testDatabase()
let books: Database
beforeAll(async () => {
  await seedFor(database.url, KEY, 3)
  books = openDatabase(database.url, 2)
})
afterAll(() => books?.close())

test('what the new-member gift holds is there to be given', async () => {
  const gift = await books.prisma.gift.findFirstOrThrow()
  const templates = gift.couponTemplates as string[]
  expect(await books.prisma.couponTemplate.count({ where: { templateId: { in: templates } } })).toBe(templates.length)
  const pickups = (gift.pickups as { rewardId: string }[]).map(({ rewardId }) => rewardId)
  expect(await books.prisma.reward.count({ where: { rewardId: { in: pickups } } })).toBe(pickups.length)
})

test('the purchases of the past were rung up, and nobody has a packet of them today', async () => {
  expect(await books.prisma.order.count()).toBeGreaterThan(10)
  expect(await books.prisma.coupon.count()).toBe(0)
})

test('Mei’s friends are wherever friends can be', async () => {
  const edges = await books.prisma.referral.findMany({ orderBy: { joinedAt: 'asc' } })
  expect(edges.map(({ state, reason }) => [state, reason])).toEqual([
    ['released', null],
    ['refused', 'same_payer'],
    ['review', null],
    ['refused', 'purchase_returned'],
    ['held', null],
    ['refused', 'window_over'],
    ['joined', null],
  ])
  expect(await books.prisma.referralAppeal.findMany()).toMatchObject([{ state: 'asked' }])
  const [{ inviterId } = { inviterId: '' }] = edges
  expect(await books.prisma.transfer.count({ where: { memberId: inviterId, reason: 'referral' } })).toBe(1)
})

test('two operators, what one of them did at once, and what waits for the other', async () => {
  const staff = await books.prisma.staff.findMany({ where: { role: 'operator' }, orderBy: { staffNo: 'asc' } })
  expect(staff.map(({ staffNo }) => staffNo)).toEqual(['YY001', 'YY002'])
  const adjustments = await books.prisma.adjustment.findMany({ orderBy: { proposedAt: 'asc' } })
  expect(adjustments.map(({ points, state, proposedBy }) => [points, state, proposedBy])).toEqual([
    [50, 'done', staff[0]?.memberId],
    [800, 'waiting', staff[0]?.memberId],
  ])
})

test('Mei has something to do for the brand in every state, and others have said what they drank', async () => {
  const { prisma } = books
  const { memberId } = await prisma.referral
    .findFirstOrThrow({ select: { inviterId: true } })
    .then(({ inviterId }) => ({ memberId: inviterId }))
  const own = await prisma.obligationInstance.findMany({ where: { memberId } })
  expect([...new Set(own.map(({ state }) => state))].sort()).toEqual(
    ['accepted', 'approved', 'clawed_back', 'in_progress', 'rejected', 'rewarded', 'submitted'].sort(),
  )
  expect(await prisma.obligationSubmission.count({ where: { memberId, state: 'waiting' } })).toBe(1)
  expect(
    await prisma.obligationSubmission.count({ where: { obligationId: 'honest_review', state: 'approved' } }),
  ).toBeGreaterThan(0)
})
