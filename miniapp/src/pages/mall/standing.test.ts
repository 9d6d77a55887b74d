import { someRedemption } from '../../lib/reward.fixture'
import { aheadWords, backLines, factsOf, momentWords, nextWords, standing } from './standing'

const NOW = new Date('2026-11-22T04:00:00Z')
const told = (more: Parameters<typeof someRedemption>[0]) => {
  const one = someRedemption(more)
  return [standing(one).name, nextWords(one, NOW)]
}
const DONE = { state: 'done', finishedAt: '2026-11-22T01:00:00.000Z' } as const
const OVER = { state: 'cancelled', finishedAt: '2026-11-13T01:00:00.000Z' } as const

test('what waits says from when and until when', () => {
  expect(told({ state: 'placed' })).toEqual(['备货中', '11 月 21 日 10:42 备好，12 月 21 日前取'])
  expect(told({ state: 'placed', kind: 'service' })).toEqual(['安排中', '11 月 21 日 10:42 安排好，12 月 21 日前到店'])
  expect(told({})).toEqual(['可以取了', '12 月 21 日前到任一门店取'])
  expect(told({ kind: 'service' })).toEqual(['可以用了', '12 月 21 日前到任一门店使用'])
})

test('what is done says where it went', () => {
  expect(told({ ...DONE, storeName: '湖滨店' })).toEqual(['已取走', '11 月 22 日在湖滨店取走'])
  expect(told({ ...DONE, kind: 'service' })).toEqual(['已使用', '11 月 22 日在门店使用'])
  expect(told({ ...DONE, kind: 'coupon' })).toEqual(['已到账', '11 月 22 日放进卡券'])
  expect(told({ ...DONE, kind: 'partner_code' })).toEqual(['已给码', '11 月 22 日给出，随时能看'])
})

test('what is over says why', () => {
  expect(told({ ...OVER, cancelReason: 'member' })).toEqual(['已取消', '11 月 13 日取消，积分已退回'])
  expect(told({ ...OVER, cancelReason: 'overdue' })).toEqual(['过期未取', '11 月 13 日到期没有取，积分已退回'])
  expect(told({ ...OVER, cancelReason: 'overdue', kind: 'service' })).toEqual([
    '过期未用',
    '11 月 13 日到期没有用，积分已退回',
  ])
  const lost = { returned: 0, grace: 0, expired: 1_460 }
  expect(told({ ...OVER, cancelReason: 'member', back: lost })[1]).toBe('11 月 13 日取消，积分到期已久，没有退回')
  expect(told({ ...OVER, cancelReason: 'overdue', origin: 'gift' })).toEqual(['过期未取', '超过日期没有取'])
  expect(told({ ...OVER, cancelReason: 'gift_superseded', origin: 'gift' })).toEqual([
    '只留一份',
    '两张会员卡合并，礼物只留一份',
  ])
})

test('says what it cost, which piece it is, and which right was used or given back', () => {
  expect(factsOf(someRedemption())).toEqual(['1,460 积分'])
  expect(factsOf(someRedemption({ pieceNo: 37, stockTotal: 50, rightTitle: '黄金早享' }))).toEqual([
    '1,460 积分',
    '第 37/50 件',
    '用了 1 次黄金早享',
  ])
  expect(factsOf(someRedemption({ ...OVER, pieceNo: 37, stockTotal: 50, rightTitle: '黄金早享' }))).toEqual([
    '1,460 积分',
    '黄金早享已还',
  ])
  expect(factsOf(someRedemption({ origin: 'gift', points: 0 }))).toEqual(['礼物'])
})

test('what came back is listed line by line, also what was lost', () => {
  expect(backLines({ returned: 100, grace: 50, expired: 30 }, 30)).toEqual([
    { name: '退回原来的批次', sub: '到期日不变', points: 100 },
    { name: '原批次已到期', sub: '再给你 30 天', points: 50 },
    { name: '到期已久', sub: '没有退回', points: 30 },
  ])
  expect(backLines({ returned: 0, grace: 0, expired: 0 }, 30)).toEqual([])
  expect(['ready', 'done', 'placed'].map((state) => aheadWords(state, someRedemption(), NOW))).toEqual([
    '约 11 月 21 日 10:42',
    '12 月 21 日前',
    '还没到这一步',
  ])
  expect(momentWords('2026-11-21T02:42:00.000Z', NOW)).toBe('11 月 21 日 10:42')
})
