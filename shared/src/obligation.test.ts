import fc from 'fast-check'
import {
  appealUntil,
  checkInRefusal,
  handInRefusal,
  nextProofAt,
  OBLIGATION_STEPS,
  type ObligationFacts,
  type ObligationState,
  type ObligationStep,
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
  dueAt: null,
  stoppedAt: null,
  missingHonour: null,
  storeId: null,
  storeName: null,
  cooldownHours: 0,
  lastProofAt: null,
  ...more,
})

const STEPS: ObligationStep[] = [
  ...(['accept', 'submit', 'proof', 'reward', 'approve', 'reject', 'retract', 'claw_back', 'lapse'] as const),
]

describe('the table of states', () => {
  test('leads only to states of its own, and from what is done nowhere', () => {
    for (const steps of Object.values(OBLIGATION_STEPS))
      for (const next of Object.values(steps)) expect(OBLIGATION_STEPS).toHaveProperty(next)
    for (const done of ['approved', 'rewarded'] as const)
      expect(OBLIGATION_STEPS[done]).toEqual({ claw_back: 'clawed_back' })
    for (const over of ['lapsed', 'clawed_back'] as const) expect(OBLIGATION_STEPS[over]).toEqual({})
  })

  test('I-O1: on no way is there a second reward', () => {
    const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 20 })
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
        expect(rewards).toBeLessThanOrEqual(1)
        if (state === 'rewarded') expect(rewards).toBe(1)
        // I-O2: what lapsed or was turned down never had one
        if (state === 'lapsed' || state === 'rejected') expect(rewards).toBe(0)
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
  expect(obligationState(duty({ state, endsAt: from(hours) }), NOW)).toBe(shown)
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
  [{ state: 'submitted' }, null],
  [{ state: 'rejected', dueAt: NOW }, 'OBLIGATION_OVER'],
  [{ state: 'clawed_back' }, 'OBLIGATION_OVER'],
  [{ state: 'accepted', dueAt: from(1) }, null],
  [{ state: 'accepted', dueAt: NOW }, 'OBLIGATION_OVER'],
  [{ state: 'accepted', stoppedAt: NOW }, 'OBLIGATION_STOPPED'],
  // by whichever server's clock it was stopped
  [{ stoppedAt: from(1) }, 'OBLIGATION_STOPPED'],
  [{ missingHonour: '品牌代言人' }, 'HONOUR_NEEDED'],
  [{ missingHonour: '品牌代言人', state: 'accepted' }, null],
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

test.each([
  [200, '惜杯人', '200 积分和「惜杯人」'],
  [1_200, null, '1,200 积分'],
  [0, '知茶人', '「知茶人」'],
  [0, null, ''],
])('%i points and %s are told as %s', (points, honour, words) => {
  expect(obligationRewardWords(points, honour)).toBe(words)
})

test('a coupon stands between points and honour', () => {
  expect(obligationRewardWords(50, '知茶人', '满 30 减 5')).toBe('50 积分、「满 30 减 5」券和「知茶人」')
  expect(obligationRewardWords(0, null, '满 30 减 5')).toBe('「满 30 减 5」券')
})

test.each([
  [{}, {}, null],
  [{ state: 'open' }, {}, 'NOT_TAKEN_UP'],
  [{}, { proof: 'counted' }, 'PROOF_KIND'],
  [{ state: 'submitted', stoppedAt: NOW }, {}, 'PROOF_WAITING'],
  [{ state: 'rejected' }, {}, null],
  [{ state: 'rejected' }, { appealing: true }, 'PROOF_WAITING'],
  [{ state: 'rejected' }, { tries: 3 }, 'TRIES_OVER'],
  [{ state: 'rewarded' }, { tries: 3 }, 'OBLIGATION_DONE'],
  [{ cooldownHours: 2, lastProofAt: from(-1) }, {}, 'CHECKIN_TOO_SOON'],
] as [Partial<ObligationFacts>, object, string | null][])('%j, %j can be handed in unless %s', (more, own, code) => {
  const facts = {
    ...duty({ state: 'accepted', ...more }),
    proof: 'handed_in',
    tries: 0,
    mostTries: 3,
    appealing: false,
  }
  expect(handInRefusal({ ...facts, ...own } as never, NOW)?.code ?? null).toBe(code)
})

test('a refusal can be appealed against to the end of a day', () => {
  expect(appealUntil(NOW, 30).toISOString()).toBe('2026-12-22T15:59:59.999Z')
})
