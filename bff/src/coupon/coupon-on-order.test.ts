import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { couponOnOrderReturned } from './coupon-on-order-returned'
import { couponOnOrderSettled } from './coupon-on-order-settled'

const at = new Date('2026-11-22T04:00:00Z')
const order = {
  memberId: 'm',
  orderId: 'o',
  amountFen: 3_000,
  points: 30,
  growth: 30,
  activeAt: at,
  at,
}

test('an order from the packet’s amount on is thanked with it, once per order', () => {
  expect(couponOnOrderSettled(order, DEMO_POLICY)).toEqual([
    {
      fn: 'coupon_grant',
      args: { memberId: 'm', templateId: 'packet_5', at, kind: 'order', sourceId: 'o' },
    },
  ])
})

test('a smaller order, or a brand without packets, is not', () => {
  expect(couponOnOrderSettled({ ...order, amountFen: 2_999 }, DEMO_POLICY)).toEqual([])
  expect(couponOnOrderSettled(order, { ...DEMO_POLICY, packet: null })).toEqual([])
})

test('an order that comes back asks for its coupon and its packet', () => {
  expect(couponOnOrderReturned({ memberId: 'm', orderId: 'o', at })).toEqual([
    { fn: 'coupon_return', args: { memberId: 'm', orderId: 'o', at } },
  ])
})
