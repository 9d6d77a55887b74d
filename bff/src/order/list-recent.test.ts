import { randomUUID } from 'node:crypto'
import { testDatabase } from '../../../test/support/database'
import { newStaff, newVisit } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { inTx } from '../ctx'
import { mergeMember } from '../member'
import { type Counter, DAY, MINUTE, openCounter } from './counter.fixture'
import { listRecent } from './list-recent'
import { returnOrder } from './return-order'

const database = testDatabase()
let till: Counter
beforeAll(async () => {
  till = await openCounter(database.url)
})
afterAll(() => till.close())

type Of = { visitId: string; memberRef: string }
const recent = async ({ visitId, memberRef }: Of, by = till.clerk) =>
  (await listRecent(by.ctx, by, { visitId, memberRef })).orders

test('shows the last ten purchases in any store, the newest first, with why one cannot be taken back', async () => {
  const { clock } = till.one
  const guest = await till.visited()
  const old = await till.pay(guest.visit, 9_900)
  clock.pass(30 * DAY)
  const by = await newStaff(till.one)
  const away = await newVisit(till.one, guest, by)
  const returned = await till.pay(away, 5_000, { by })
  await till.takeBack(guest.memberId, returned.orderId, { by })
  clock.pass(MINUTE)
  const { visitId, memberRef } = await newVisit(till.one, guest, till.clerk)
  const couponId = await till.granted(guest.memberId)
  const last = await till.settle(
    { visitId, memberRef },
    (await till.hold({ visitId, memberRef }, 6_800, { couponId })).holdId,
  )
  expect(await recent({ visitId, memberRef })).toEqual([
    {
      orderRef: expect.any(String),
      orderNo: last.orderNo,
      settledAt: clock.at.toISOString(),
      storeName: '湖滨店',
      fullFen: 6_800,
      amountFen: 5_864,
      refundedFen: 0,
      points: 58,
      pointsUsed: 0,
      lines: [],
      state: 'settled',
      refusal: null,
    },
    expect.objectContaining({
      orderNo: returned.orderNo,
      state: 'returned',
      refusal: { code: 'RETURN_DONE', detail: {} },
    }),
    expect.objectContaining({
      orderNo: old.orderNo,
      refusal: { code: 'RETURN_OVER', detail: { until: '2026-12-06T15:59:59.999Z' } },
    }),
  ])
  const manager = await newStaff(till.one, { role: 'manager', shop: till.clerk })
  expect((await recent({ visitId, memberRef }, manager)).map(({ refusal }) => refusal?.code)).toEqual([
    undefined,
    'RETURN_DONE',
    undefined,
  ])
  for (let n = 0; n < 10; n++) await till.pay({ visitId, memberRef }, 100)
  expect(await recent({ visitId, memberRef })).toHaveLength(10)
})

test('its references take back what was bought in another store, while the customer stands here', async () => {
  const guest = await till.visited()
  await till.pay(guest.visit, 6_800)
  const by = await newStaff(till.one)
  const [order] = await recent(await newVisit(till.one, guest, by), by)
  const take = () => returnOrder(by.ctx, by, { requestId: randomUUID(), orderRef: order?.orderRef as string })
  expect(await take()).toMatchObject({ orderNo: order?.orderNo, refundedFen: 6_800 })
  await refusalOf(take(), 'RETURN_DONE')
})

test('follows a merged member to the survivor', async () => {
  const kept = await till.visited()
  const { visit, memberId } = await till.visited()
  await till.pay(visit, 6_800)
  await inTx(till.one.as(), (tx) => mergeMember(tx, kept.memberId, memberId))
  expect(await recent(visit)).toMatchObject([{ amountFen: 6_800 }])
})

test('is refused without a live code, in foreign and in ended visits', async () => {
  const [spoken, { visit }, theirs] = [await till.spoken(), await till.visited(), await till.visited()]
  await refusalOf(recent(spoken.visit), 'CODE_NEEDED')
  await refusalOf(recent({ ...visit, memberRef: theirs.visit.memberRef }), 'VISIT_UNKNOWN')
  await refusalOf(recent(visit, await newStaff(till.one)), 'VISIT_UNKNOWN')
  till.one.clock.pass(10 * MINUTE)
  await refusalOf(recent(visit), 'VISIT_OVER')
})
