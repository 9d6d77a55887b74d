import fc from 'fast-check'
import {
  checkInRefusal,
  honourUntil,
  nextProofAt,
  OBLIGATION_STEPS,
  type ObligationFacts,
  type ObligationState,
  obligationRefusal,
  obligationRewardWords,
  obligationState,
} from './obligation'

const NOW = new Date('2026-11-22T04:00:00.000Z')
const HOUR = 3_600_000
const from = (hours: number) => new Date(NOW.getTime() + hours * HOUR)
const duty = (more: Partial<ObligationFacts> = {}): ObligationFacts => ({
  state: 'open',
  tier: 1,
  tierGate: 1,
  startsAt: from(-24),
  endsAt: from(24),
  storeId: null,
  storeName: null,
  cooldownHours: 0,
  lastProofAt: null,
  ...more,
})

describe('the table of states', () => {
  test('leads only to states of its own, and from what is done nowhere', () => {
    for (const steps of Object.values(OBLIGATION_STEPS))
      for (const next of Object.values(steps)) expect(OBLIGATION_STEPS).toHaveProperty(next)
    for (const done of ['approved', 'rewarded', 'lapsed'] as const) expect(OBLIGATION_STEPS[done]).toEqual({})
  })

  test('I-O1: on no way is there a second reward', () => {
    const steps = fc.array(fc.constantFrom('accept', 'proof', 'reward', 'approve', 'lapse'), { maxLength: 12 })
    fc.assert(
      fc.property(steps, (way) => {
        let state: ObligationState = 'open'
        let rewards = 0
        for (const step of way) {
          const next: ObligationState | undefined = OBLIGATION_STEPS[state][step]
          if (!next) continue
          state = next
          if (step === 'reward') rewards++
        }
        expect(rewards).toBe(state === 'rewarded' ? 1 : 0)
      }),
    )
  })
})

test.each([
  ['open', 24, 'open'],
  ['open', 0, 'lapsed'],
  ['accepted', 0, 'lapsed'],
  ['in_progress', -1, 'lapsed'],
  ['rewarded', -1, 'rewarded'],
  ['approved', -1, 'approved'],
] as const)('%s with its end in %i hours is %s', (state, hours, shown) => {
  expect(obligationState({ state, endsAt: from(hours) }, NOW)).toBe(shown)
})

test.each([
  [{}, null],
  [{ state: 'accepted' }, null],
  [{ state: 'in_progress' }, null],
  [{ state: 'rewarded' }, 'OBLIGATION_DONE'],
  [{ state: 'approved', endsAt: from(-1) }, 'OBLIGATION_DONE'],
  [{ state: 'lapsed' }, 'OBLIGATION_OVER'],
  [{ endsAt: NOW }, 'OBLIGATION_OVER'],
  [{ startsAt: from(1) }, 'OBLIGATION_NOT_OPEN'],
  [{ tierGate: 2 }, 'TIER_NEEDED'],
  [{ tierGate: 2, tier: 2 }, null],
  [{ tierGate: 2, state: 'accepted' }, null],
] as [Partial<ObligationFacts>, string | null][])('%j can be gone on with unless %s', (more, code) => {
  expect(obligationRefusal(duty(more), NOW)?.code ?? null).toBe(code)
})

test.each([
  [{}, {}, null],
  [{}, { byCode: false }, 'CODE_NEEDED'],
  [{ storeId: 'hubin', storeName: '湖滨店' }, {}, null],
  [{ storeId: 'xihu', storeName: '西湖店' }, {}, 'OBLIGATION_ELSEWHERE'],
  [{ cooldownHours: 20, lastProofAt: from(-19) }, {}, 'CHECKIN_TOO_SOON'],
  [{ cooldownHours: 20, lastProofAt: from(-20) }, {}, null],
  [{ state: 'rewarded', cooldownHours: 20, lastProofAt: from(-1) }, {}, 'OBLIGATION_DONE'],
  [{ storeId: 'xihu', storeName: '西湖店', endsAt: NOW }, {}, 'OBLIGATION_OVER'],
] as [Partial<ObligationFacts>, { byCode?: boolean }, string | null][])(
  'a step of %j, %j is confirmed unless %s',
  (more, at, code) => {
    expect(checkInRefusal(duty(more), { storeId: 'hubin', byCode: true, ...at }, NOW)?.code ?? null).toBe(code)
  },
)

test('a refusal says until when, from when, where and from which tier', () => {
  const at = { storeId: 'hubin', byCode: true }
  const detail = (more: Partial<ObligationFacts>) => checkInRefusal(duty(more), at, NOW)?.detail
  expect(detail({ startsAt: from(1) })).toEqual({ opensAt: from(1).toISOString() })
  expect(detail({ tierGate: 4 })).toEqual({ tier: 4 })
  expect(detail({ storeId: 'xihu', storeName: '西湖店' })).toEqual({ storeName: '西湖店' })
  expect(detail({ cooldownHours: 20, lastProofAt: from(-1) })).toEqual({ until: from(19).toISOString() })
})

test('the next step counts a cooldown after the last', () => {
  expect(nextProofAt(duty({ cooldownHours: 20 }), NOW)).toBeNull()
  expect(nextProofAt(duty({ cooldownHours: 20, lastProofAt: NOW }), NOW)).toEqual(from(20))
  expect(nextProofAt(duty({ cooldownHours: 0, lastProofAt: NOW }), NOW)).toBeNull()
})

test('an honour is worn to the end of a month, or for ever', () => {
  expect(honourUntil(12, NOW)?.toISOString()).toBe('2027-11-30T15:59:59.999Z')
  expect(honourUntil(null, NOW)).toBeNull()
})

test.each([
  [200, '惜杯人', '200 积分和「惜杯人」'],
  [1_200, null, '1,200 积分'],
  [0, '知茶人', '「知茶人」'],
  [0, null, ''],
])('%i points and %s are told as %s', (points, honour, words) => {
  expect(obligationRewardWords(points, honour)).toBe(words)
})
