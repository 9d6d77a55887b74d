import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import { type Colleague, newStaff, newVisit, type TestHouse, testHouse } from '../../../test/support/people'
import { endsOf, refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { findVisit } from '../visit/find-visit'
import { cancelRedemption } from './cancel-redemption'
import { listRedemptions } from './list-redemptions'
import { listWaiting } from './list-waiting'
import { booksOf, DAY, exchange, newReward, saver } from './mall.fixture'
import { atCounter, handOver } from './pick-up.fixture'

const database = testDatabase()
let one: TestHouse
let other: TestHouse
let clerk: Colleague
beforeAll(async () => {
  one = testHouse(database.url)
  other = testHouse(database.url, { clock: one.clock })
  await Promise.all([one.warm(), other.warm()])
  clerk = await newStaff(one)
})
afterEach(() => expectLedgerHolds(one.as().db))
afterAll(() => Promise.all([one.close(), other.close()]))

const customer = async (wish = {}) => atCounter(one, await saver(one), clerk, await newReward(one, wish))
const audit = (verb: string) => one.as().db.auditEntry.count({ where: { storeId: clerk.storeId, verb } })
const cancel = (who: Awaited<ReturnType<typeof customer>>, test: TestHouse = one) =>
  cancelRedemption(test.as(who.memberId), { requestId: randomUUID(), redemptionId: who.redemption.redemptionId })

describe('picking up', () => {
  test('what waits is shown to the clerk, and handed over for its code: where, by whom, in the audit', async () => {
    const me = await customer({ stockTotal: 40, numbered: true })
    const waiting = await listWaiting(clerk.ctx, clerk, me.visit)
    expect(waiting.redemptions).toEqual([
      {
        title: '桂花乌龙 一盏',
        art: 'cup',
        kind: 'pickup',
        pieceNo: 1,
        pickupBy: me.redemption.pickupBy,
        state: 'ready',
      },
    ])
    expect(JSON.stringify(waiting)).not.toContain(me.redemption.pickupCode)
    expect(await handOver(clerk, me.visit, me.redemption.pickupCode)).toEqual({
      title: '桂花乌龙 一盏',
      art: 'cup',
      pieceNo: 1,
      pickedUpAt: one.clock.at.toISOString(),
    })
    const [shown] = (await listRedemptions(me.ctx, {})).redemptions
    expect(shown).toMatchObject({ state: 'done', storeName: '湖滨店', pickupCode: null, canCancel: false })
    const row = await one.as().db.redemption.findFirstOrThrow({ where: { memberId: me.memberId } })
    expect(row).toMatchObject({ storeId: clerk.storeId, staffId: clerk.memberId, visitId: me.visit.visitId })
    const entry = await one
      .as()
      .db.auditEntry.findFirst({ where: { storeId: clerk.storeId }, orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ verb: 'mall.handOver', subject: row.redemptionId, actorId: clerk.memberId })
    expect((await listWaiting(clerk.ctx, clerk, me.visit)).redemptions).toEqual([])
  })

  test('I-M1: 64 hand-overs at once over two processes: once, the others are told that it is done', async () => {
    const me = await customer()
    const before = await audit('mall.handOver')
    const ends = await endsOf(
      Array.from({ length: 64 }, (_, n) =>
        handOver(clerk, me.visit, me.redemption.pickupCode, { in: n % 2 ? one : other }),
      ),
    )
    expect(ends).toEqual({ answer: 1, REDEMPTION_DONE: 63 })
    expect(await audit('mall.handOver')).toBe(before + 1)
  })

  test('one hand-over sent 64 times: one effect, 64 equal answers', async () => {
    const [me, requestId, before] = [await customer(), randomUUID(), await audit('mall.handOver')]
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        handOver(clerk, me.visit, me.redemption.pickupCode, { requestId, in: n % 2 ? one : other }),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await audit('mall.handOver')).toBe(before + 1)
  })

  test('I-M2: 32 hand-overs beside 32 cancellations: either the thing or the points, each once', async () => {
    for (let round = 0; round < 4; round++) {
      const me = await customer({ stockTotal: 5 })
      const works = Array.from({ length: 64 }, (_, n) =>
        n % 4 < 2
          ? handOver(clerk, me.visit, me.redemption.pickupCode, { in: n % 2 ? one : other })
          : cancel(me, n % 2 ? one : other),
      )
      expect(await endsOf(works)).toEqual({ answer: 1, REDEMPTION_DONE: 63 })
      const { points, standing, cancelled } = await booksOf(me.ctx, me.memberId)
      expect([points, standing, cancelled]).toEqual(standing === 1 ? [900, 1, 0] : [1_000, 0, 1])
    }
  })

  test('after its last day, as long as nobody has cancelled it', async () => {
    const member = await saver(one)
    const { redemption } = await exchange(member.ctx, await newReward(one, { pickupDays: 1 }))
    one.clock.pass(5 * DAY)
    await handOver(clerk, await newVisit(one, member, clerk), redemption.pickupCode)
  })

  test('a visit and a code from before a merge still hand over', async () => {
    const [me, kept] = [await customer(), await saver(one, 0)]
    await inTx(one.as(), (tx) => mergeMember(tx, kept.memberId, me.memberId))
    await handOver(clerk, me.visit, me.redemption.pickupCode)
    expect((await listRedemptions(kept.ctx, {})).redemptions).toMatchObject([{ state: 'done' }])
  })
})

describe('is refused', () => {
  test('for a wrong code, and each time stands in the audit', async () => {
    const [me, before] = [await customer(), await audit('mall.miss')]
    const wrong = me.redemption.pickupCode === '00000000' ? '00000001' : '00000000'
    const requestId = randomUUID()
    await refusalOf(handOver(clerk, me.visit, wrong, { requestId }), 'PICKUP_WRONG')
    await refusalOf(handOver(clerk, me.visit, wrong, { requestId }), 'PICKUP_WRONG')
    await refusalOf(handOver(clerk, me.visit, wrong), 'PICKUP_WRONG')
    expect(await audit('mall.miss')).toBe(before + 2)
    await handOver(clerk, me.visit, me.redemption.pickupCode)
  })

  test('for the code of somebody else who is not in this visit, without telling that it exists', async () => {
    const [me, you] = [await customer(), await customer()]
    await refusalOf(handOver(clerk, me.visit, you.redemption.pickupCode), 'PICKUP_WRONG')
    await handOver(clerk, you.visit, you.redemption.pickupCode)
  })

  test('for what was taken or cancelled, and what the shop still prepares', async () => {
    const [taken, back, early] = [await customer(), await customer(), await customer({ prepareHours: 24 })]
    await handOver(clerk, taken.visit, taken.redemption.pickupCode)
    await refusalOf(handOver(clerk, taken.visit, taken.redemption.pickupCode), 'REDEMPTION_DONE')
    await cancel(back)
    await refusalOf(handOver(clerk, back.visit, back.redemption.pickupCode), 'REDEMPTION_DONE')
    const { redemptionId, readyAt } = early.redemption
    await one.as().db.pickupCode.create({ data: { code: '12121212', memberId: early.memberId, redemptionId } })
    expect(await refusalOf(handOver(clerk, early.visit, '12121212'), 'PICKUP_NOT_READY')).toEqual({ readyAt })
  })

  test('in a visit without a code, after its ten minutes, in another shop, by who does not work here', async () => {
    const me = await customer()
    const { pickupCode } = me.redemption
    const found = await findVisit(clerk.ctx, clerk, {
      requestId: randomUUID(),
      tillId: clerk.tillId,
      memberNo: me.memberNo,
    })
    await refusalOf(handOver(clerk, found, pickupCode), 'CODE_NEEDED')
    expect((await listWaiting(clerk.ctx, clerk, found)).redemptions).toEqual([])
    const away = await newStaff(one)
    await refusalOf(handOver(away, me.visit, pickupCode), 'VISIT_UNKNOWN')
    await refusalOf(listWaiting(away.ctx, away, me.visit), 'VISIT_UNKNOWN')
    await refusalOf(handOver({ ...clerk, ...me, storeId: clerk.storeId }, me.visit, pickupCode), 'STAFF_NEEDED')
    const foreign = await customer()
    await refusalOf(handOver(clerk, { ...me.visit, memberRef: foreign.visit.memberRef }, pickupCode), 'VISIT_UNKNOWN')
    one.clock.pass(600_000)
    await refusalOf(handOver(clerk, me.visit, pickupCode), 'VISIT_OVER')
    await refusalOf(listWaiting(clerk.ctx, clerk, me.visit), 'VISIT_OVER')
  })
})
