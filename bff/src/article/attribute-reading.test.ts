import { DAY_MS } from '@huiyuan/shared/time'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { times } from '../member/member.fixture'
import { merged, undone } from '../merge/undo.fixture'
import { newObligation } from '../obligation/obligation.fixture'
import { newsRoom } from './article.fixture'
import { showSpread } from './show-spread'

const database = testDatabase()
let room: ReturnType<typeof newsRoom>
beforeAll(async () => {
  room = newsRoom(database.url)
  await room.open()
})
afterEach(() => expectLedgerHolds(room.prisma))
afterAll(() => room.close())

test('a guest joins by an article and buys: counted for its sharer after the days in which it may come back, and taken back by a return', async () => {
  const { one } = room
  const [mei, articleId] = [await room.inviter(), await room.article()]
  const duty = await room.spreading([mei.memberId])
  const reader = await room.joinBy(mei.code, articleId, { openedDaysAgo: 2 })
  const { joinArticle } = await room.prisma.member.findUniqueOrThrow({ where: { memberId: reader.memberId } })
  expect(joinArticle).toBe(articleId)
  // the page that they came by is still open
  one.clock.pass(1_000)
  await room.read(room.two, reader.memberId, articleId, mei.code)
  const small = await room.buy(reader.memberId, 900)
  expect(await room.readings(reader.memberId)).toMatchObject([{ state: 'read', sharerId: mei.memberId }])
  await room.giveBack(small)
  one.clock.pass(1_000)
  const order = await room.buy(reader.memberId, 3_000)
  expect(await room.readings(reader.memberId)).toMatchObject([
    { state: 'acted', action: 'order', actionId: order.orderId },
  ])
  one.clock.pass(14 * DAY_MS)
  expect(await room.count(one)).toEqual({ due: 0, counted: 0, void: 0, failed: 0 })
  one.clock.pass(2 * DAY_MS)
  const counted = await Promise.all(times(16, (n) => room.count(room.at(n))))
  expect(counted.reduce((sum, run) => sum + run.counted, 0)).toBe(1)
  expect(await room.progress(mei.memberId, duty)).toBe(1)
  // enough of it is kept
  await room.giveBack(order, one, 2_000)
  expect(await room.readings(reader.memberId)).toMatchObject([{ state: 'counted' }])
  await room.giveBack(order, room.two, 1)
  expect(await room.readings(reader.memberId)).toMatchObject([{ state: 'void', reason: 'returned' }])
  expect(await room.progress(mei.memberId, duty)).toBe(0)
  const spread = await showSpread(mei.ctx)
  expect(spread).toMatchObject({
    totals: { readers: 1, waiting: 0, counted: 0, returned: 1 },
    articles: [{ articleId, why: ['1 位后来退了款，不计'] }],
  })
  expect(JSON.stringify(spread)).not.toContain(reader.memberId)
})

test('what was counted for two records that are two people again is taken back wherever it lies', async () => {
  const { one } = room
  const [mei, twin, articleId] = [await room.inviter(), await room.inviter(), await room.article()]
  const duty = await room.spreading([mei.memberId, twin.memberId])
  const reader = await room.joinBy(mei.code, articleId)
  const order = await room.buy(reader.memberId, 3_000)
  const mergeId = await merged(one, twin.memberId, mei.memberId)
  one.clock.pass(17 * DAY_MS)
  expect(await room.count(one)).toMatchObject({ counted: 1 })
  await undone(one, mergeId)
  const progress = () => Promise.all([mei, twin].map(({ memberId }) => room.progress(memberId, duty)))
  expect(await progress()).toEqual([0, 1])
  await room.giveBack(order)
  expect(await progress()).toEqual([0, 0])
})

test('the last sharer before the reader acts is the one; never oneself, nobody unknown, and not for ever', async () => {
  const { one } = room
  const [articleId, old, mei, zhou, reader] = [
    await room.article(),
    await room.article(),
    ...[await room.inviter(), await room.inviter(), await room.inviter()],
  ] as const
  const { memberId } = reader
  await room.read(one, memberId, old, zhou.code)
  one.clock.pass(8 * DAY_MS)
  for (const link of [mei.code, zhou.code, reader.code, 'Nobody00', undefined]) {
    one.clock.pass(1_000)
    expect(await room.read(one, memberId, articleId, link)).toEqual({
      sharePath: `pages/article/article?id=${articleId}&l=${reader.code}`,
    })
  }
  // an old member's purchase is nobody's doing
  await room.buy(memberId)
  const proofId = crypto.randomUUID()
  const { obligationId } = await newObligation(one)
  await Promise.all(times(8, (n) => room.attend(room.at(n), memberId, obligationId, proofId)))
  one.clock.pass(1_000)
  await room.read(one, memberId, articleId, mei.code)
  expect(await room.readings(memberId)).toMatchObject([
    { articleId: old, state: 'read', sharerId: zhou.memberId },
    { articleId, state: 'acted', action: 'activity', actionId: proofId, sharerId: zhou.memberId },
  ])
  expect((await showSpread(zhou.ctx)).articles).toMatchObject([
    { articleId, waiting: 1 },
    { articleId: old, passed: 1, why: ['1 位读过以后 7 天里没有到店，不计'] },
  ])
})

test('an article that speaks of an activity counts who comes to that one, an article that was withdrawn nobody any more', async () => {
  const { one } = room
  const [mei, reader] = [await room.inviter(), await room.inviter()]
  const [tasting, other] = [await newObligation(one), await newObligation(one)]
  const [about, gone] = [await room.article({ obligationId: tasting.obligationId }), await room.article()]
  for (const articleId of [about, gone]) await room.read(one, reader.memberId, articleId, mei.code)
  await room.prisma.article.update({ where: { articleId: gone }, data: { withdrawnAt: one.clock.at } })
  const states = async () =>
    Object.fromEntries((await room.readings(reader.memberId)).map(({ articleId, state }) => [articleId, state]))
  await room.attend(one, reader.memberId, other.obligationId)
  expect(await states()).toEqual({ [about]: 'read', [gone]: 'read' })
  await room.attend(one, reader.memberId, tasting.obligationId)
  expect(await states()).toEqual({ [about]: 'acted', [gone]: 'read' })
})

test('who opened an article longer ago than counts joins as nobody’s reader; a doubt ends what would have counted', async () => {
  const { one } = room
  const [mei, articleId] = [await room.inviter(), await room.article()]
  const late = await room.joinBy(mei.code, articleId, { openedDaysAgo: 8 })
  expect(await room.readings(late.memberId)).toEqual([])
  const reader = await room.joinBy(mei.code, articleId)
  await room.buy(reader.memberId)
  await room.prisma.member.update({ where: { memberId: reader.memberId }, data: { joinRisk: 4 } })
  one.clock.pass(17 * DAY_MS)
  expect(await room.count(room.two)).toMatchObject({ void: 1, failed: 0 })
  const { articles, totals } = await showSpread(mei.ctx)
  expect(totals).toMatchObject({ readers: 1, doubtful: 1, counted: 0 })
  // what exactly was found is nobody's business
  expect(articles[0]?.why).toEqual(['1 位没有通过核对（比如同一台手机、同一个付款账户），不计'])
})

test('64 reads at once through eight links over two processes are one reading, of one of the eight', async () => {
  const articleId = await room.article()
  const sharers = await Promise.all(times(8, () => room.inviter()))
  const reader = await room.inviter()
  await Promise.all(times(64, (n) => room.read(room.at(n), reader.memberId, articleId, sharers[n % 8]?.code)))
  const readings = await room.readings(reader.memberId)
  expect(readings).toHaveLength(1)
  expect(sharers.map(({ memberId }) => memberId)).toContain(readings[0]?.sharerId)
})
