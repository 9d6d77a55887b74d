/// <reference types="jest" />
import { beforeReturnWords, madeWords, partlyWords, partOf, type Returned, returnWords, shareFen } from './return-words'

const nothing: Returned = {
  orderNo: 'Y1',
  refundedFen: 5_864,
  refundedTotalFen: 5_864,
  leftFen: 0,
  points: { pending: 0, available: 0, debt: 0 },
  growth: 0,
  pointsBack: 0,
  pointsEnded: 0,
  coupons: [],
  packet: null,
  tierBefore: 1,
  tierAfter: 1,
}

test.each<[Partial<Returned>, string[]]>([
  [{}, []],
  [{ points: { pending: 58, available: 0, debt: 0 }, growth: 58 }, ['收回待生效 58 积分', '成长值减 58']],
  [{ points: { pending: 0, available: 20, debt: 38 } }, ['收回 20 积分', '记欠 38 积分，以后得的先补上']],
  [{ tierBefore: 2, tierAfter: 1 }, ['等级回到白银']],
  [{ coupons: [{ title: '满 30 减 8', returned: true }] }, ['「满 30 减 8」退回卡券']],
  [{ coupons: [{ title: '满 30 减 8', returned: false }] }, ['「满 30 减 8」已过期，不再退回']],
  [{ pointsBack: 600, pointsEnded: 100 }, ['退回用掉的 600 积分', '用掉的 100 积分已经过期，不再退回']],
  [{ packet: { title: '5 元券', state: 'voided' } }, ['红包「5 元券」已作废']],
  [{ packet: { title: '5 元券', state: 'used' } }, ['红包「5 元券」已经用掉，不收回']],
  [
    {
      refundedFen: 2_000,
      refundedTotalFen: 2_000,
      leftFen: 9_660,
      points: { pending: 20, available: 0, debt: 0 },
      growth: 20,
    },
    ['这一单已退 ¥20.00，还可退 ¥96.60', '收回待生效 20 积分', '成长值减 20'],
  ],
  [{ refundedFen: 9_660, refundedTotalFen: 11_660 }, ['这一单共退 ¥116.60，退完了']],
])('what went back is said line by line: %j', (part, lines) =>
  expect(returnWords({ ...nothing, ...part })).toEqual(lines),
)

const line = { lineNo: 1, title: '龙井鲜奶', qty: 3, fullFen: 6_000, payableFen: 5_000, returnedQty: 0 }
const order = {
  orderRef: 'r',
  orderNo: 'Y1',
  amountFen: 5_864,
  fullFen: 6_800,
  points: 58,
  pointsUsed: 0,
  refundedFen: 0,
  lines: [],
}
const whole = { fen: 5_864, leftFen: 5_864 }

test('before it is done, only what can go back is named', () => {
  expect(beforeReturnWords(order, whole)).toHaveLength(4)
  const plain = beforeReturnWords({ ...order, fullFen: 5_864, points: 0 }, whole).join()
  expect(plain).toContain('¥58.64')
  expect(plain).not.toMatch(/积分|券退回/)
})

test('a part takes its share of the points; the coupon and the packet wait for the whole', () => {
  const words = beforeReturnWords(order, { fen: 2_000, leftFen: 5_864 }).join()
  expect(words).toContain('退给顾客 ¥20.00')
  expect(words).toContain('积分按退的金额收回')
  expect(words).toContain('整单退完才退回')
  expect(words).not.toContain('58 积分')
  expect(beforeReturnWords(order, { fen: null, leftFen: 5_864 }).join()).not.toContain('¥')
})

test('the rest of a purchase brings the coupon back, and no number that is only of the whole', () => {
  const words = beforeReturnWords({ ...order, refundedFen: 2_000 }, { fen: 3_864, leftFen: 3_864 }).join()
  expect(words).toContain('退给顾客 ¥38.64')
  expect(words).toContain('余下的积分')
  expect(words).toContain('券退回卡券')
  expect(words).not.toContain('58 积分')
})

test.each<[string, number | null, boolean]>([
  ['', null, false],
  ['0', null, false],
  ['0.', null, false],
  ['20', 2_000, false],
  ['20。5', 2_050, false],
  ['96.60', 9_660, false],
  ['96.61', null, true],
  ['1000000000', null, true],
  ['-1', null, true],
  ['两块', null, true],
])('%s typed as a part of ¥96.60', (typed, fen, bad) => {
  expect(partOf(typed, 9_660)).toMatchObject({ fen, bad })
  expect(partOf(typed, 9_660).hint).toContain('最多还能退 ¥96.60')
})

test('a list tells of a part, not of a whole', () => {
  expect(partlyWords({ state: 'settled', refundedFen: 2_000 })).toBe('已退 ¥20.00')
  expect(partlyWords({ state: 'settled', refundedFen: 0 })).toBeNull()
  expect(partlyWords({ state: 'returned', refundedFen: 5_864 })).toBeNull()
})

test('pieces that come back one by one give together what was paid for them', () => {
  const shares = [0, 1, 2].map((returnedQty) => shareFen({ ...line, returnedQty }, 1))
  expect(shares).toEqual([1_666, 1_667, 1_667])
  expect(shareFen(line, 3)).toBe(5_000)
})

test('a list tells what a purchase was made of', () => {
  expect(madeWords({ lines: [], pointsUsed: 0 })).toBeNull()
  expect(madeWords({ lines: [line], pointsUsed: 600 })).toBe('龙井鲜奶等 3 件 · 用了 600 积分')
})
