import fc from 'fast-check'
import { earningOf, lotsToSpend, type StatementEntry, statementWords } from './ledger'
import { DEMO_POLICY } from './policy'

const NOW = new Date('2026-11-22T04:00:00Z')

describe('what a purchase earns', () => {
  test('¥68 on 22 November: 68 points from 7 December to the end of November next year', () => {
    expect(earningOf(6_800, NOW, DEMO_POLICY)).toEqual({
      points: 68,
      growth: 68,
      activeAt: new Date('2026-12-06T16:00:00.000Z'),
      expiresAt: new Date('2027-11-30T15:59:59.999Z'),
    })
  })

  test('the last second of a Shanghai day earns on that day, the next second on the next', () => {
    const late = earningOf(100, new Date('2026-11-22T15:59:59.999Z'), DEMO_POLICY)
    const next = earningOf(100, new Date('2026-11-22T16:00:00.000Z'), DEMO_POLICY)
    expect(next.activeAt.getTime() - late.activeAt.getTime()).toBe(86_400_000)
  })

  test.each([
    [99, 0],
    [100, 1],
    [6_899, 68],
  ])('%i fen earn %i points: the last fen never do', (amountFen, points) => {
    expect(earningOf(amountFen, NOW, DEMO_POLICY).points).toBe(points)
  })

  test('another brand: 1.5 points a yuan at once, no growth', () => {
    const brand = { ...DEMO_POLICY, pointsPerYuan: 1.5, growthPerYuan: 0, pendingDays: 0, expiryMonths: 1 }
    const earned = earningOf(6_800, NOW, brand)
    expect(earned).toMatchObject({ points: 102, growth: 0, expiresAt: new Date('2026-12-31T15:59:59.999Z') })
    expect(earned.activeAt.getTime()).toBeLessThanOrEqual(NOW.getTime())
    expect(earningOf(6_790, NOW, { ...brand, growthPerYuan: 1 }, 150)).toMatchObject({ points: 150, growth: 67 })
  })

  test('points can be spent before they end, whenever they are earned', () => {
    const at = fc.date({ min: new Date('2020-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 10_000_000 }), (when, amountFen) => {
        const { activeAt, expiresAt } = earningOf(amountFen, when, DEMO_POLICY)
        expect(activeAt.getTime()).toBeGreaterThan(when.getTime())
        expect(expiresAt.getTime()).toBeGreaterThan(activeAt.getTime())
      }),
    )
  })
})

describe('a line of the statement', () => {
  const line = (more: Partial<StatementEntry>): StatementEntry => ({
    unit: 'points',
    reason: 'purchase',
    amount: 1_068,
    at: NOW,
    detail: {},
    ...more,
  })
  const bought = { storeName: '西湖店', amountFen: 106_800, activeAt: '2026-12-06T16:00:00.000Z' }

  test.each<[Partial<StatementEntry>, string]>([
    [{ detail: bought }, '2026-11-22 在「西湖店」消费 ¥1,068.00，获得 1,068 积分，12 月 7 日生效'],
    [
      { detail: { ...bought, activeAt: '2027-01-01T16:00:00.000Z' } },
      '2026-11-22 在「西湖店」消费 ¥1,068.00，获得 1,068 积分，2027 年 1 月 2 日生效',
    ],
    [{ unit: 'growth', detail: bought }, '2026-11-22 在「西湖店」消费 ¥1,068.00，获得 1,068 成长值'],
    [{ detail: {} }, '2026-11-22 在「门店」消费 ¥0.00，获得 1,068 积分'],
    [{ reason: 'matured' }, '2026-11-22 有 1,068 积分生效，可以用了'],
    [{ reason: 'debt_paid', amount: 30 }, '2026-11-22 用 30 积分补上了欠分'],
    [{ reason: 'expired' }, '2026-11-22 有 1,068 积分到期'],
    [{ reason: 'growth_expired', unit: 'growth' }, '2026-11-22 有 1,068 成长值满 12 个月，不再计入等级'],
    [{ reason: 'merged_in' }, '2026-11-22 老会员卡并入，带来 1,068 积分'],
    [{ reason: 'merged_in', unit: 'growth' }, '2026-11-22 老会员卡并入，带来 1,068 成长值'],
    [{ reason: 'merged_out' }, '2026-11-22 并入新会员卡，转出 1,068 积分'],
    [{ reason: 'merged_in', amount: 30, detail: { debt: true } }, '2026-11-22 老会员卡并入，带来 30 欠分'],
    [{ reason: 'merged_out', amount: 30, detail: { debt: true } }, '2026-11-22 并入新会员卡，转出 30 欠分'],
    [{ reason: 'merged_in', detail: { other4: '3421' } }, '2026-11-22 老会员卡（尾号 3421）并入，带来 1,068 积分'],
    [{ reason: 'merged_out', detail: { other4: '3421' } }, '2026-11-22 并入新会员卡（尾号 3421），转出 1,068 积分'],
    [
      { reason: 'separated_in', amount: 70, detail: { other4: '3421' } },
      '2026-11-22 与另一张会员卡（尾号 3421）分开，带回 70 积分',
    ],
    [{ reason: 'separated_in', amount: 30, detail: { debt: true } }, '2026-11-22 与另一张会员卡分开，带回 30 欠分'],
    [
      { reason: 'separated_out', amount: 70, detail: { other4: '3421' } },
      '2026-11-22 另一张会员卡（尾号 3421）分开，带走 70 积分',
    ],
    [{ reason: 'separated_charged', amount: 30 }, '2026-11-22 另一张会员卡分开，用掉的是它的积分，还上 30 积分'],
    [
      { reason: 'separated_charged', amount: 30, detail: { debt: true } },
      '2026-11-22 另一张会员卡分开，用掉的是它的积分，记下 30 欠分',
    ],
    [{ reason: 'separated_refilled', amount: 30 }, '2026-11-22 与另一张会员卡分开，补回已用掉的 30 积分'],
    [
      { reason: 'gift_restored', amount: 30, detail: { title: '新人礼' } },
      '2026-11-22 两张会员卡分开，「新人礼」恢复 30 积分',
    ],
    [{ reason: 'referral_restored', amount: 30 }, '2026-11-22 两张会员卡分开，请朋友的 30 积分恢复'],
    [{ reason: 'separated_returned', amount: 30 }, '2026-11-22 另一张会员卡分开，退回替它付的 30 积分'],
    [
      { reason: 'points_paid', amount: 300, detail: { storeName: '湖滨店', amountFen: 300 } },
      '2026-11-22 在「湖滨店」抵扣 300 积分（¥3.00）',
    ],
    [
      {
        reason: 'points_released',
        amount: 300,
        detail: { storeName: '湖滨店', expiresAt: '2027-03-31T15:59:59.999Z' },
      },
      '2026-11-22 在「湖滨店」没有结账，退回 300 积分，仍到 2027 年 3 月 31 日',
    ],
    [
      { reason: 'points_returned', amount: 100, detail: { storeName: '湖滨店', amountFen: 2_180 } },
      '2026-11-22 在「湖滨店」退货 ¥21.80，退回抵扣的 100 积分，仍到 原来的日子',
    ],
    [
      { reason: 'grace', amount: 100, detail: { storeName: '湖滨店', expiresAt: '2026-12-22T15:59:59.999Z' } },
      '2026-11-22 退回在「湖滨店」抵扣的积分，原批次已到期，100 积分延到 12 月 22 日',
    ],
    [{ reason: 'opening' }, '2026-11-22 开通会员时带来 1,068 积分'],
    [
      { reason: 'imported', detail: { expiresAt: '2027-03-31T15:59:59.999Z' } },
      '2026-11-22 从原来的会员系统转入 1,068 积分，有效到 2027 年 3 月 31 日',
    ],
    [{ reason: 'imported', unit: 'growth' }, '2026-11-22 从原来的会员系统转入 1,068 成长值'],
    [
      { reason: 'adjusted', amount: 50, detail: { title: '一点心意' } },
      '2026-11-22 客服为你调整，获得 50 积分：一点心意',
    ],
    [{ reason: 'adjusted', amount: 50, detail: { out: true } }, '2026-11-22 客服为你调整，收回 50 积分'],
    [{ reason: 'adjusted', amount: 50, detail: { out: true, debt: true } }, '2026-11-22 客服为你调整，记下 50 欠分'],
    [{ reason: 'expired', at: new Date('2026-11-22T16:00:00Z') }, '2026-11-23 有 1,068 积分到期'],
  ])('%j reads %s', (entry, words) => {
    expect(statementWords(line(entry), NOW)).toBe(words)
  })
})

describe('which lots a spend takes', () => {
  const lot = (lotId: string, remaining: number, day: number) => ({
    lotId,
    remaining,
    expiresAt: new Date(Date.UTC(2026, 11, day)),
  })

  test('the earliest to end first, the last only in part', () => {
    const lots = [lot('c', 50, 20), lot('a', 30, 10), lot('b', 20, 15)]
    expect(lotsToSpend(lots, 60)).toEqual([
      { lotId: 'a', points: 30 },
      { lotId: 'b', points: 20 },
      { lotId: 'c', points: 10 },
    ])
  })

  test('of two that end together the smaller id; an empty one is passed by', () => {
    expect(lotsToSpend([lot('b', 5, 1), lot('a', 5, 1), lot('0', 0, 1)], 7)).toEqual([
      { lotId: 'a', points: 5 },
      { lotId: 'b', points: 2 },
    ])
  })

  test('one point too few: nothing is taken', () => {
    expect(lotsToSpend([lot('a', 30, 1)], 31)).toBeNull()
    expect(lotsToSpend([], 1)).toBeNull()
    expect(lotsToSpend([], 0)).toEqual([])
  })

  const lots = fc.uniqueArray(
    fc.record({
      lotId: fc.uuid(),
      remaining: fc.integer({ min: 0, max: 500 }),
      expiresAt: fc.integer({ min: 1, max: 20 }).map((day) => new Date(Date.UTC(2026, 11, day))),
    }),
    { selector: ({ lotId }) => lotId, maxLength: 30 },
  )
  const held = (all: { remaining: number }[]) => all.reduce((sum, { remaining }) => sum + remaining, 0)

  test('I-L3: it takes exactly what is asked, never more than a lot holds, and nothing when it is not there', () => {
    fc.assert(
      fc.property(lots, fc.integer({ min: 0, max: 8_000 }), (all, points) => {
        const uses = lotsToSpend(all, points)
        if (points > held(all)) return expect(uses).toBeNull()
        expect(uses?.reduce((sum, use) => sum + use.points, 0)).toBe(points)
        for (const use of uses ?? []) {
          expect(use.points).toBeGreaterThan(0)
          expect(use.points).toBeLessThanOrEqual(all.find(({ lotId }) => lotId === use.lotId)?.remaining ?? 0)
        }
        expect(new Set(uses?.map(({ lotId }) => lotId)).size).toBe(uses?.length)
      }),
    )
  })

  test('a lot is only touched when all that end before it are empty', () => {
    fc.assert(
      fc.property(lots, fc.integer({ min: 1, max: 8_000 }), (all, points) => {
        const uses = lotsToSpend(all, points)
        fc.pre(uses !== null && uses.length > 0)
        const left = (lotId: string, remaining: number) =>
          remaining - (uses?.find((use) => use.lotId === lotId)?.points ?? 0)
        for (const touched of all.filter(({ lotId }) => uses?.some((use) => use.lotId === lotId)))
          for (const earlier of all.filter(({ expiresAt }) => expiresAt < touched.expiresAt))
            expect(left(earlier.lotId, earlier.remaining)).toBe(0)
      }),
    )
  })

  test('two spends in a row take what one spend of both takes', () => {
    fc.assert(
      fc.property(lots, fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 }), (all, a, b) => {
        const first = lotsToSpend(all, a)
        fc.pre(first !== null && lotsToSpend(all, a + b) !== null)
        const after = all.map((one) => ({
          ...one,
          remaining: one.remaining - (first?.find(({ lotId }) => lotId === one.lotId)?.points ?? 0),
        }))
        const sum = new Map<string, number>()
        for (const use of [...(first ?? []), ...(lotsToSpend(after, b) ?? [])])
          sum.set(use.lotId, (sum.get(use.lotId) ?? 0) + use.points)
        expect(Object.fromEntries(sum)).toEqual(
          Object.fromEntries(lotsToSpend(all, a + b)?.map(({ lotId, points }) => [lotId, points]) ?? []),
        )
      }),
    )
  })
})
