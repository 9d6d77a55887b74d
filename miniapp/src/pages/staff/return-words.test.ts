/// <reference types="jest" />
import { beforeReturnWords, type Returned, returnWords } from './return-words'

const nothing: Returned = {
  orderNo: 'Y1',
  refundedFen: 5_864,
  points: { pending: 0, available: 0, debt: 0 },
  growth: 0,
  coupon: null,
  packet: null,
  tierBefore: 1,
  tierAfter: 1,
}

test.each<[Partial<Returned>, string[]]>([
  [{}, []],
  [{ points: { pending: 58, available: 0, debt: 0 }, growth: 58 }, ['收回待生效 58 积分', '成长值减 58']],
  [{ points: { pending: 0, available: 20, debt: 38 } }, ['收回 20 积分', '记欠 38 积分，以后得的先补上']],
  [{ tierBefore: 2, tierAfter: 1 }, ['等级回到白银']],
  [{ coupon: { title: '满 30 减 8', returned: true } }, ['「满 30 减 8」退回卡券']],
  [{ coupon: { title: '满 30 减 8', returned: false } }, ['「满 30 减 8」已过期，不再退回']],
  [{ packet: { title: '5 元券', state: 'voided' } }, ['红包「5 元券」已作废']],
  [{ packet: { title: '5 元券', state: 'used' } }, ['红包「5 元券」已经用掉，不收回']],
])('what went back is said line by line: %j', (part, lines) =>
  expect(returnWords({ ...nothing, ...part })).toEqual(lines),
)

test('before it is done, only what can go back is named', () => {
  const order = { orderRef: 'r', orderNo: 'Y1', amountFen: 5_864, fullFen: 6_800, points: 58 }
  expect(beforeReturnWords(order)).toHaveLength(4)
  const plain = beforeReturnWords({ ...order, fullFen: 5_864, points: 0 }).join()
  expect(plain).toContain('¥58.64')
  expect(plain).not.toMatch(/积分|券退回/)
})
