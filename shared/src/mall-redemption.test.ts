import fc from 'fast-check'
import type { RewardKind } from './mall'
import { mayCancel, type RedemptionFacts, redemptionSteps } from './mall-redemption'

const PLACED = new Date('2026-11-22T04:00:00.000Z')
const hence = (hours: number) => new Date(PLACED.getTime() + hours * 3_600_000)
const one = (more: Partial<RedemptionFacts> = {}): RedemptionFacts => ({
  kind: 'pickup',
  origin: 'mall',
  state: 'placed',
  cancelReason: null,
  placedAt: PLACED,
  readyAt: hence(24),
  finishedAt: null,
  back: null,
  ...more,
})
const told = (more: Partial<RedemptionFacts>) =>
  redemptionSteps(one(more)).map(
    ({ state, at, words }) => `${state} ${at ? at.toISOString().slice(5, 13) : '—'} ${words}`,
  )

test.each<[string, Partial<RedemptionFacts>, string[]]>([
  ['being prepared', {}, ['placed 11-22T04 兑换成功', 'ready — 门店正在备货', 'done — 到店报取货码取走']],
  [
    'ready',
    { state: 'ready' },
    ['placed 11-22T04 兑换成功', 'ready 11-23T04 备好了，等你来取', 'done — 到店报取货码取走'],
  ],
  [
    'a service that was used',
    { kind: 'service', state: 'done', finishedAt: hence(48) },
    ['placed 11-22T04 兑换成功', 'ready 11-23T04 安排好了，等你来', 'done 11-24T04 已使用'],
  ],
  [
    'a coupon',
    { kind: 'coupon', state: 'done', readyAt: PLACED, finishedAt: PLACED },
    ['placed 11-22T04 兑换成功', 'done 11-22T04 券已放进卡券'],
  ],
  [
    'a partner’s code',
    { kind: 'partner_code', state: 'done', readyAt: PLACED, finishedAt: PLACED },
    ['placed 11-22T04 兑换成功', 'done 11-22T04 兑换码已给到你'],
  ],
  [
    'taken back before it was ready',
    {
      state: 'cancelled',
      cancelReason: 'member',
      finishedAt: hence(1),
      back: { returned: 1_200, grace: 0, expired: 0 },
    },
    ['placed 11-22T04 兑换成功', 'cancelled 11-22T05 你取消了这次兑换', 'returned 11-22T05 1,200 积分退回原来的批次'],
  ],
  [
    'never picked up, half of the points from an ended lot',
    {
      state: 'cancelled',
      cancelReason: 'overdue',
      finishedAt: hence(99),
      back: { returned: 10, grace: 20, expired: 5 },
    },
    [
      'placed 11-22T04 兑换成功',
      'ready 11-23T04 备好了，等你来取',
      'cancelled 11-26T07 过了领取期，已自动取消',
      'returned 11-26T07 10 积分退回原来的批次；20 积分原批次已到期，宽限一段时间；5 积分宽限过一次，已到期',
    ],
  ],
  [
    'taken back long ago',
    { state: 'cancelled', cancelReason: 'member', readyAt: hence(2), finishedAt: hence(1) },
    ['placed 11-22T04 兑换成功', 'cancelled 11-22T05 你取消了这次兑换', 'returned 11-22T05 积分已退回'],
  ],
  [
    'of a gift that was a second one',
    { origin: 'gift', state: 'cancelled', cancelReason: 'gift_superseded', readyAt: PLACED, finishedAt: hence(1) },
    ['placed 11-22T04 兑换成功', 'ready 11-22T04 备好了，等你来取', 'cancelled 11-22T05 礼物每人一份，这一份收回了'],
  ],
])('the steps of one that is %s', (_name, more, steps) => {
  expect(told(more)).toEqual(steps)
})

test('what happened stands before what is still to come, in order of time', () => {
  const facts = fc.record({
    kind: fc.constantFrom<RewardKind>('pickup', 'service'),
    state: fc.constantFrom<RedemptionFacts['state']>('placed', 'ready', 'done', 'cancelled'),
    ready: fc.nat(50),
    more: fc.nat(50),
  })
  fc.assert(
    fc.property(facts, ({ kind, state, ready, more }) => {
      const over = state === 'done' || state === 'cancelled'
      const steps = redemptionSteps(
        one({ kind, state, readyAt: hence(ready), finishedAt: over ? hence(ready + more) : null }),
      )
      const times = steps.map(({ at }) => at?.getTime() ?? Number.POSITIVE_INFINITY)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(steps[0]?.at).toEqual(PLACED)
      expect(steps.every(({ at }) => at !== null)).toBe(over)
    }),
  )
})

test.each([
  ['pickup', 'mall', 'placed', true],
  ['pickup', 'mall', 'ready', true],
  ['pickup', 'mall', 'done', false],
  ['pickup', 'mall', 'cancelled', false],
  ['pickup', 'gift', 'ready', false],
  ['service', 'mall', 'ready', true],
  ['service', 'mall', 'done', false],
  ['coupon', 'mall', 'done', false],
  ['partner_code', 'mall', 'done', false],
] as const)('a %s of the %s that is %s may be taken back: %s', (kind, origin, state, may) => {
  expect(mayCancel({ kind, origin, state })).toBe(may)
})
