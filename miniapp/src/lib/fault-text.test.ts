import { FAULTS, type Fault, type FaultCode } from '@huiyuan/shared/faults'
import type { Trouble } from './api'
import { faultText } from './fault-text'

/** Enough for any fault that carries something. */
const DETAIL = {
  role: 'manager',
  noun: 'session',
  fields: [],
  retryAfterSeconds: 61,
  rid: '0123456789ab',
  triesLeft: 2,
  version: '2027-01-01',
  blocker: 'staff',
  until: '2026-11-22T04:00:00.000Z',
  shortPoints: 1_220,
  debtPoints: 30,
  payableFen: 5_864,
  leftFen: 1_200,
  missingFen: 300,
  limit: 1,
  opensAt: '2026-11-22T04:00:00.000Z',
  readyAt: '2026-11-22T04:00:00.000Z',
  reason: 'bought_before',
  points: 1_200,
  tier: 2,
  storeName: '湖滨店',
  secondsOff: 90,
  sku: 'longjing_hot',
  mostPoints: 300,
  lineNo: 2,
  leftQty: 1,
  serverNow: 1_795_320_000_000,
  mostBytes: 10_485_760,
  mostPixels: 50_000_000,
  honourName: '品牌大使',
  violations: [],
}
const CODES = [...(Object.keys(FAULTS) as FaultCode[]), 'OFFLINE', 'SLOW'] as const

test.each(CODES)('%s is told in Chinese, without holes', (code) => {
  const { title, detail = '' } = faultText({ code, detail: DETAIL } as unknown as Trouble)
  expect(title).toMatch(/^[一-龥]/)
  expect(title + detail).not.toMatch(/undefined|NaN|null|\[object|[^\d],/)
})

test('the way out is in the words: how many tries, how long, from when', () => {
  const told = (fault: unknown) => faultText(fault as Fault)
  expect(told({ code: 'CLAIM_WRONG', detail: { triesLeft: 4 } }).detail).toContain('4 次')
  expect(told({ code: 'TOO_MANY', detail: { retryAfterSeconds: 40 } }).detail).toContain('40 秒')
  expect(told({ code: 'TILL_LOCKED', detail: { until: DETAIL.until } }).detail).toContain('12:00')
})
