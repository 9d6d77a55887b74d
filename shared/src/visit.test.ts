import { DEMO_POLICY } from './policy'
import { sayAloud } from './visit'

const now = new Date('2026-11-22T04:00:00.000Z')
const at = (day: string) => new Date(`${day}T15:59:59.999Z`)
const say = (facts: Partial<Parameters<typeof sayAloud>[0]>) =>
  sayAloud({ tier: 1, growth: 840, lots: [], ...facts }, now, DEMO_POLICY)

test('says how much is missing to the next tier', () => {
  expect(say({})).toEqual(['再积 160 成长值升黄金'])
  expect(say({ tier: 3, growth: 2_000 })).toEqual(['再积 3,000 成长值升钻石'])
})

test('says nothing at the top with nothing to lose', () => {
  expect(say({ tier: 6, growth: 40_000 })).toEqual([])
})

test('says first what ends soon, all of that one day together', () => {
  const lots = [
    { remaining: 300, expiresAt: at('2026-12-01') },
    { remaining: 20, expiresAt: at('2026-12-01') },
    { remaining: 999, expiresAt: at('2026-12-02') },
  ]
  expect(say({ lots })[0]).toBe('320 积分 9 天后到期')
})

test('today is called today', () => {
  expect(say({ lots: [{ remaining: 5, expiresAt: at('2026-11-22') }] })[0]).toBe('5 积分今天到期')
})

test.each([
  ['far away', { remaining: 300, expiresAt: at('2027-11-30') }],
  ['used up', { remaining: 0, expiresAt: at('2026-12-01') }],
  ['over', { remaining: 300, expiresAt: at('2026-11-21') }],
])('keeps quiet about a lot that is %s', (_why, lot) => {
  expect(say({ tier: 6, growth: 40_000, lots: [lot] })).toEqual([])
})
