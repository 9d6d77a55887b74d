import fc from 'fast-check'
import { DEMO_POLICY } from './policy'
import { DOUBTS, type Doubt, doubtsOf, doubtWords, factWords, type PairFacts, verdictOf } from './risk'

const CLEAN: PairFacts = {
  sharedDevices: 0,
  devicePeople: 0,
  sharedPayers: 0,
  payerPeople: 0,
  networkPeople: null,
  staff: null,
  joinedWithinHour: 1,
  joinedWithinDay: 1,
  riskAtJoin: 0,
  riskNow: null,
  mergedBefore: false,
  phoneMoved: false,
}
const policy = { friendVelocity: { hour: 4, day: 8 }, sharedNetworkMost: 12 }

describe('each reason has its own table', () => {
  test.each<[Doubt, Partial<PairFacts>, boolean]>([
    ['same_person', { mergedBefore: true }, true],
    ['same_person', { phoneMoved: true }, true],
    ['same_person', { sharedDevices: 3, sharedPayers: 1 }, false],
    ['same_device', { sharedDevices: 1 }, true],
    ['same_device', { devicePeople: 1 }, true],
    ['same_device', { sharedPayers: 1, networkPeople: 2 }, false],
    ['same_payer', { sharedPayers: 1 }, true],
    ['same_payer', { payerPeople: 1 }, true],
    ['same_payer', { sharedDevices: 1, devicePeople: 4 }, false],
    ['same_network', { networkPeople: 2 }, true],
    ['same_network', { networkPeople: 12 }, true],
    ['same_network', { networkPeople: 13 }, false],
    ['same_network', { networkPeople: null }, false],
    ['staff', { staff: 'inviter' }, true],
    ['staff', { staff: 'friend' }, true],
    ['staff', { staff: 'both' }, true],
    ['staff', { staff: null }, false],
    ['velocity', { joinedWithinHour: 4, joinedWithinDay: 8 }, false],
    ['velocity', { joinedWithinHour: 5, joinedWithinDay: 5 }, true],
    ['velocity', { joinedWithinHour: 1, joinedWithinDay: 9 }, true],
    ['risk_rank', { riskAtJoin: 2, riskNow: 2 }, false],
    ['risk_rank', { riskAtJoin: 3 }, true],
    ['risk_rank', { riskAtJoin: null, riskNow: 3 }, true],
    ['risk_rank', { riskAtJoin: 4, riskNow: 0 }, true],
    ['risk_rank', { riskAtJoin: -1 }, true],
    // a friend who has not opened the mini-program for two hours on the day of payment is nobody special
    ['risk_rank', { riskAtJoin: null, riskNow: -1 }, false],
    ['risk_rank', { riskAtJoin: null, riskNow: null }, false],
  ])('%s of %o: %s', (doubt, facts, held) => {
    expect(doubtsOf({ ...CLEAN, ...facts }, policy).includes(doubt)).toBe(held)
  })

  test('two strangers leave nothing to doubt', () => expect(doubtsOf(CLEAN, DEMO_POLICY)).toEqual([]))
})

const rank = fc.option(fc.integer({ min: -1, max: 4 }), { nil: null })
const facts: fc.Arbitrary<PairFacts> = fc.record({
  sharedDevices: fc.nat({ max: 2 }),
  devicePeople: fc.nat({ max: 2 }),
  sharedPayers: fc.nat({ max: 2 }),
  payerPeople: fc.nat({ max: 2 }),
  networkPeople: fc.option(fc.integer({ min: 2, max: 20 }), { nil: null }),
  staff: fc.constantFrom(null, 'inviter', 'friend', 'both'),
  joinedWithinHour: fc.integer({ min: 0, max: 6 }),
  joinedWithinDay: fc.integer({ min: 0, max: 10 }),
  riskAtJoin: rank,
  riskNow: rank,
  mergedBefore: fc.boolean(),
  phoneMoved: fc.boolean(),
})

test('paid is exactly what has no doubt that nobody cleared; only the highest rank refuses, until it is cleared', () =>
  fc.assert(
    fc.property(facts, fc.subarray(DOUBTS), (known, cleared) => {
      const doubts = doubtsOf(known, policy)
      const verdict = verdictOf(doubts, known, cleared)
      expect(verdict === 'pay').toBe(doubts.every((doubt) => cleared.includes(doubt)))
      const highest = known.riskAtJoin === 4 || known.riskNow === 4
      expect(verdict === 'refuse').toBe(highest && !cleared.includes('risk_rank'))
    }),
  ))

test('an inviter reads no rank, no device, no network and no number; an operator reads all facts', () => {
  for (const doubt of DOUBTS) {
    expect(doubtWords(doubt, 'inviter')).not.toMatch(/手机|设备|网络|风险|等级|付款|\d/)
    expect(doubtWords(doubt, 'operator')).not.toBe(doubtWords(doubt, 'inviter'))
  }
  const known = { ...CLEAN, sharedDevices: 2, networkPeople: 3, riskAtJoin: -1, riskNow: 3, staff: 'friend' as const }
  const words = factWords(known).map(({ label, value }) => `${label} ${value}`)
  expect(words).toHaveLength(Object.keys(CLEAN).length)
  expect(words).toEqual(
    expect.arrayContaining([
      '共用的手机 2 台',
      '共用的网络 最小的一个有 3 人用过',
      '店里的同事 朋友是同事',
      '入会时微信风险 两小时内没有打开过小程序',
      '现在微信风险 3 级（最高 4 级）',
    ]),
  )
})
