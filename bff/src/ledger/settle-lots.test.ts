import fc from 'fast-check'
import { testDatabase } from '../../../test/support/database'
import { expectLedgerHolds } from '../../../test/support/ledger'
import type { TestHouse } from '../../../test/support/people'
import { refusalOf } from '../../../test/support/refusals'
import { account, award, memberHouse, newMember, owe, times } from '../member/member.fixture'

const DAY = 86_400_000
const database = testDatabase()
let one: TestHouse
beforeAll(() => {
  one = memberHouse(database.url)
})
afterAll(() => one.close())

const settle = (memberId: string): Promise<{ matured: number; expired: number }> =>
  one.house.sql('ledger_settle_lots', { memberId, at: one.clock.at })
const reasons = async (memberId: string) => {
  const rows = await one.house.prisma.transfer.findMany({ where: { memberId }, orderBy: { transferId: 'asc' } })
  return rows.map(({ reason, amount }) => `${reason} ${amount}`)
}
const newId = async () => (await newMember(one)).memberId

describe('what is owed', () => {
  test('is paid by lots as they mature, the first day first; the rest can be spent', async () => {
    const memberId = await newId()
    await owe(one, memberId, 50)
    await award(one, memberId, { points: 30, activeInDays: 2 })
    await award(one, memberId, { points: 40, activeInDays: 1 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 70, debtPoints: 50 })
    one.clock.pass(DAY)
    expect(await settle(memberId)).toEqual({ matured: 40, expired: 0 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 30, debtPoints: 10 })
    one.clock.pass(DAY)
    await settle(memberId)
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 20, pendingPoints: 0, debtPoints: 0 })
    expect(await reasons(memberId)).toEqual(expect.arrayContaining(['debt_paid 40', 'debt_paid 10', 'matured 30']))
    await expectLedgerHolds(one.house.prisma)
  })

  test('is paid by points that count at once', async () => {
    const memberId = await newId()
    await owe(one, memberId, 50)
    await award(one, memberId, { points: 20 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, debtPoints: 30 })
    await award(one, memberId, { points: 31 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 1, debtPoints: 0 })
  })

  test('is paid by a lot that matured and ended while nobody looked, before it ends', async () => {
    const memberId = await newId()
    await owe(one, memberId, 50)
    await award(one, memberId, { points: 70, activeInDays: 1, expiresInDays: 2 })
    one.clock.pass(30 * DAY)
    expect(await settle(memberId)).toEqual({ matured: 70, expired: 20 })
    expect(await account(one, memberId)).toMatchObject({ availablePoints: 0, pendingPoints: 0, debtPoints: 0 })
    await expectLedgerHolds(one.house.prisma)
  })
})

test('I-L5: an award is given once for its source, however often it is asked for at once', async () => {
  const memberId = await newId()
  const given = await Promise.all(times(16, () => award(one, memberId, { points: 9, growth: 3, sourceId: 'the-one' })))
  expect(given.filter((one) => one !== null)).toHaveLength(1)
  expect(await account(one, memberId)).toMatchObject({ availablePoints: 9, growth: 3 })
  const nobody = '00000000-0000-7000-8000-000000000000'
  await refusalOf(award(one, nobody, { points: 1 }), 'MEMBER_UNKNOWN')
})

test('I-L1, I-L2, I-L4: whatever happens in whatever order, books and lots say the same as a sheet of paper', async () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('award' as const),
      points: fc.integer({ min: 1, max: 90 }),
      active: fc.integer({ min: 0, max: 5 }),
      life: fc.integer({ min: 1, max: 8 }),
    }),
    fc.record({ do: fc.constant('owe' as const), points: fc.integer({ min: 1, max: 120 }) }),
    fc.record({ do: fc.constant('pass' as const), days: fc.integer({ min: 1, max: 6 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      const memberId = await newId()
      const paper: { active: boolean; remaining: number; activeAt: number; expiresAt: number }[] = []
      let debt = 0
      const pay = (lot: (typeof paper)[number]) => {
        const paid = Math.min(debt, lot.remaining)
        debt -= paid
        lot.remaining -= paid
      }
      for (const one_ of steps) {
        // no two lots begin in one instant, so that it is known which pays first
        one.clock.pass(1_000)
        const now = one.clock.at.getTime()
        if (one_.do === 'award') {
          const { points, active, life } = one_
          await award(one, memberId, { points, activeInDays: active, expiresInDays: active + life })
          const lot = { active: active === 0, remaining: points, activeAt: now + active * DAY, expiresAt: 0 }
          lot.expiresAt = lot.activeAt + life * DAY
          paper.push(lot)
          if (lot.active) pay(lot)
        } else if (one_.do === 'owe') {
          await owe(one, memberId, one_.points)
          debt += one_.points
        } else {
          one.clock.pass(one_.days * DAY)
          const at = one.clock.at.getTime()
          const beforehand = await Promise.all([settle(memberId), settle(memberId)])
          expect(beforehand.map(({ matured }) => matured).sort()[0]).toBe(0)
          for (const lot of [...paper].sort((a, b) => a.activeAt - b.activeAt)) {
            if (!lot.active && lot.activeAt <= at) {
              lot.active = true
              pay(lot)
            }
            if (lot.expiresAt < at) lot.remaining = 0
          }
        }
        const sum = (active: boolean) =>
          paper.filter((lot) => lot.active === active).reduce((total, { remaining }) => total + remaining, 0)
        expect(await account(one, memberId)).toMatchObject({
          availablePoints: sum(true),
          pendingPoints: sum(false),
          debtPoints: debt,
        })
      }
    }),
    { numRuns: 25 },
  )
  await expectLedgerHolds(one.house.prisma)
})

describe('growth counts for its window', () => {
  const settleGrowth = (memberId: string, from: Date) =>
    one.house.sql('ledger_settle_growth', { memberId, at: one.clock.at, from })

  test('what was earned before leaves, once, in one line; what came later stays', async () => {
    const memberId = await newId()
    await award(one, memberId, { points: 0, growth: 100 })
    one.clock.pass(DAY)
    await award(one, memberId, { points: 0, growth: 30 })
    one.clock.pass(DAY)
    const from = new Date(one.clock.at)
    await award(one, memberId, { points: 0, growth: 7 })
    expect(await settleGrowth(memberId, from)).toEqual({ expired: 130 })
    expect(await settleGrowth(memberId, from)).toEqual({ expired: 0 })
    expect(await account(one, memberId)).toMatchObject({ growth: 7 })
    expect((await reasons(memberId)).filter((one) => one.startsWith('growth_expired'))).toEqual(['growth_expired 130'])
    await expectLedgerHolds(one.house.prisma)
  })

  test('twice at once is once', async () => {
    const memberId = await newId()
    await award(one, memberId, { points: 0, growth: 100 })
    one.clock.pass(DAY)
    const both = await Promise.all(times(8, () => settleGrowth(memberId, one.clock.at)))
    expect(both.filter((one) => (one as { expired: number }).expired > 0)).toEqual([{ expired: 100 }])
    expect(await account(one, memberId)).toMatchObject({ growth: 0 })
  })
})

test('a transfer and an effect, once written, stay as they are', async () => {
  const memberId = await newId()
  await award(one, memberId, { points: 5 })
  const { prisma } = one.house
  await expect(prisma.transfer.updateMany({ where: { memberId }, data: { amount: 500 } })).rejects.toThrow(
    /append-only/,
  )
  await expect(prisma.transfer.deleteMany({ where: { memberId } })).rejects.toThrow(/append-only/)
  await expect(prisma.effect.deleteMany({ where: { memberId } })).rejects.toThrow(/append-only/)
})
