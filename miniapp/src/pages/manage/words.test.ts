/// <reference types="jest" />
import { type Clash, clashWords, type Delivery, deliveryWords } from './words'

const NOW = new Date('2026-11-22T06:00:00.000Z')
const delivery: Delivery = {
  deliveryId: 'd',
  event: 'order.settled',
  orderNo: 'Y1',
  state: 'waiting',
  attempts: 0,
  lastStatus: null,
  createdAt: '2026-11-22T04:00:00.000Z',
  nextAt: null,
  sentAt: null,
}

test.each<[Partial<Delivery>, string]>([
  [{}, '正要发'],
  [{ attempts: 2, nextAt: '2026-11-22T07:05:00.000Z' }, '第 2 次没送到，对方没有应答，15:05 再试'],
  [{ attempts: 1, lastStatus: 500 }, '第 1 次没送到，对方答了 500'],
  [{ state: 'sent', attempts: 1, sentAt: '2026-11-22T04:00:01.000Z' }, '今天 12:00 送达'],
  [{ state: 'sent', attempts: 3, sentAt: '2026-11-22T04:00:01.000Z' }, '今天 12:00 送达，第 3 次'],
  [{ state: 'given_up', attempts: 12, lastStatus: 404 }, '试了 12 次没送到，对方答了 404'],
  [{ state: 'given_up' }, '没有发，推送已经停了'],
])('what became of a push: %j', (part, words) => expect(deliveryWords({ ...delivery, ...part }, NOW)).toBe(words))

const clash: Clash = {
  tillId: 'hubin-1',
  sequence: 1_000_000_000,
  tabletLabel: '门口平板',
  amountFen: 3_000,
  soldAt: '2026-11-22T03:00:00.000Z',
  receivedAt: '2026-11-22T04:00:00.000Z',
  clash: 'code_used',
  awardable: true,
  usedBefore: null,
}

test('a clash says where its code was used before, as far as this store may know', () => {
  const usedBefore = { at: '2026-11-22T03:01:00.000Z', storeName: '湖滨店', amountFen: 2_800 }
  expect(clashWords(clash, NOW)).toBe('这个会员码已经用过一次')
  expect(clashWords({ ...clash, usedBefore }, NOW)).toBe('这个会员码已经用过一次：今天 11:01 在湖滨店，收了 ¥28.00')
  expect(clashWords({ ...clash, usedBefore: { ...usedBefore, amountFen: null } }, NOW)).toMatch(/在湖滨店$/)
})
