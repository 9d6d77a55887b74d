import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { type Colleague, newMember, type TestHouse, testHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { award, owe } from '../member/member.fixture'
import { adjust, decide, twoOperators } from './adjustment.fixture'
import { findSubject } from './find-subject'
import { listAdjustments } from './list-adjustments'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
let maker: Colleague
let checker: Colleague
beforeAll(() => {
  one = testHouse(database.url)
})
beforeEach(async () => {
  await one.house.prisma.adjustment.deleteMany()
  ;[maker, checker] = await twoOperators(one)
})
afterAll(() => one.close())

test('what waits comes oldest first, what is over newest first, page by page, each once', async () => {
  const member = await newMember(one)
  const made: string[] = []
  for (let n = 0; n < 9; n++) {
    made.push((await adjust(maker, member, 900 + n)).adjustmentId)
    one.clock.pass(1_000)
  }
  for (const n of [1, 4, 7]) await decide(checker, made[n] as string, n !== 4)
  const pagesOf = async (state: 'waiting' | 'over', limit: number) => {
    const seen: string[] = []
    let cursor: string | undefined
    for (;;) {
      const page = await listAdjustments(checker.ctx, { state, cursor, limit })
      expect(page.waiting).toBe(6)
      expect(page.adjustments.length).toBeLessThanOrEqual(limit)
      seen.push(...page.adjustments.map(({ adjustmentId }) => adjustmentId))
      if (!page.nextCursor) return seen
      cursor = page.nextCursor
    }
  }
  const named = (...of: number[]) => of.map((n) => made[n])
  for (const limit of [1, 2, 4, 50]) {
    expect(await pagesOf('waiting', limit)).toEqual(named(0, 2, 3, 5, 6, 8))
    expect(await pagesOf('over', limit)).toEqual(named(7, 4, 1))
  }
})

test('each is told masked, with the staff numbers of who proposed and decided, and whose it is', async () => {
  const member = await newMember(one, { name: '' })
  const { adjustmentId } = await adjust(maker, member, -900, { reason: 'abuse', note: '刷单' })
  const told = async ({ ctx }: Pick<Colleague, 'ctx'>, state: 'waiting' | 'over') =>
    (await listAdjustments(ctx, { state })).adjustments[0]
  const mine = await told(maker, 'waiting')
  expect(mine).toMatchObject({ adjustmentId, note: '刷单', mine: true, decidedBy: null })
  expect(await told(checker, 'waiting')).toMatchObject({ mine: false, proposedBy: mine?.proposedBy })
  await decide(checker, adjustmentId)
  const over = await told(maker, 'over')
  expect(over).toMatchObject({ debtPoints: 900, decidedAt: one.clock.at.toISOString() })
  expect(JSON.stringify(over)).not.toContain(member.memberNo)
  expect(JSON.stringify(over)).not.toContain(member.memberId)
  // the proposer's record becomes another one: still theirs
  const again = await newMember(one)
  await inTx(one.as(), (tx) => mergeMember(tx, again.memberId, maker.memberId))
  expect(await told(again, 'over')).toMatchObject({ mine: true, proposedBy: mine?.proposedBy })
})

test('an empty list, and nobody else’s', async () => {
  expect(await listAdjustments(maker.ctx, { state: 'over' })).toEqual({ adjustments: [], nextCursor: null, waiting: 0 })
  expect(await listAdjustments(maker.ctx, { state: 'waiting', cursor: randomUUID() })).toMatchObject({
    adjustments: [],
  })
})

describe('whose points are corrected', () => {
  test('masked, with what is there and what the operator may still move alone', async () => {
    const member = await newMember(one)
    await award(one, member.memberId, { points: 70 })
    await award(one, member.memberId, { points: 30, activeInDays: 5 })
    await owe(one, member.memberId, 9)
    const subject = {
      memberNo: `**** ${member.memberNo.slice(-4)}`,
      nameMasked: '林**',
      tier: 1,
      points: 70,
      pendingPoints: 30,
      debtPoints: 9,
      aloneLeft: 500,
    }
    expect(await findSubject(maker.ctx, { memberNo: member.memberNo })).toEqual(subject)
    await adjust(maker, await newMember(one), -120)
    expect(await findSubject(maker.ctx, member)).toMatchObject({ aloneLeft: 380 })
    expect(await findSubject(checker.ctx, member)).toMatchObject({ aloneLeft: 500 })
    one.clock.pass(DAY)
    expect(await findSubject(maker.ctx, member)).toMatchObject({ aloneLeft: 500 })
  })

  test('one’s own need another one; a merged number leads on; nobody is nobody', async () => {
    expect(await findSubject(maker.ctx, maker)).toMatchObject({ aloneLeft: 0 })
    const [kept, gone] = [await newMember(one), await newMember(one)]
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, gone.memberId))
    expect((await findSubject(maker.ctx, gone)).memberNo).toBe(`**** ${kept.memberNo.slice(-4)}`)
    for (const memberNo of ['8000000000000000', '8999999999999999', 'x'])
      await refusalOf(findSubject(maker.ctx, { memberNo }), 'MEMBER_UNKNOWN')
    await one.house.prisma.member.update({ where: { memberId: kept.memberId }, data: { status: 'cancelled' } })
    await refusalOf(findSubject(maker.ctx, gone), 'MEMBER_UNKNOWN')
    await refusalOf(findSubject(one.as(), kept), 'SESSION_NEEDED')
  })
})
