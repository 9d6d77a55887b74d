import fc from 'fast-check'
import { DEMO_TEMPLATES } from '../../../test/wechat-sandbox'
import { dataRefusal } from '../../../test/wechat-sandbox/subscribe-rules'
import { outboxOnOrderSettled } from './outbox-on-order-settled'
import { TEMPLATES, thing } from './templates'

const AT = new Date('2026-11-22T01:12:00Z')
const told = (more: object = {}) => ({
  points: 68,
  amountFen: 6_800,
  activeAt: new Date('2026-12-06T16:00:00Z'),
  at: AT,
  ...more,
})
const words = (payload: unknown) => TEMPLATES.points_arrived?.wordsOf(payload, AT)

describe('the words of a message', () => {
  test('say what was bought, how many points came and when they can be used', () => {
    expect(words(told())).toEqual({
      thing1: '到店消费 ¥68.00',
      number2: '68',
      time3: '2026年11月22日 09:12',
      thing4: '12 月 7 日起可用',
    })
  })

  test('survive the way through the database', () => {
    expect(words(JSON.parse(JSON.stringify(told())))).toEqual(words(told()))
  })

  test('say so when the points can be used at once', () => {
    expect(words(told({ activeAt: AT }))?.thing4).toBe('现在就可以使用')
  })

  test("keep WeChat's rule of each parameter, whatever the purchase", () => {
    const purchase = fc.record({
      points: fc.integer({ min: 1, max: 10_000_000 }),
      amountFen: fc.integer({ min: 1, max: 10_000_000 }),
      at: fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      days: fc.integer({ min: 0, max: 400 }),
    })
    fc.assert(
      fc.property(purchase, ({ days, ...paid }) => {
        const data = words({ ...paid, activeAt: new Date(paid.at.getTime() + days * 86_400_000) }) ?? {}
        const asSent = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }]))
        expect(dataRefusal(['thing1', 'number2', 'time3', 'thing4'], asSent)).toBeNull()
      }),
    )
  })

  test('of a moved phone keep the rules too', () => {
    const data = TEMPLATES.phone_moved?.wordsOf({}, AT) ?? {}
    const asSent = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }]))
    expect(dataRefusal(Object.keys(data), asSent)).toBeNull()
  })

  test('of a pick-up say what waits, until when and how to get it', () => {
    const payload = { title: '白桃乌龙体验装', pickupBy: '2026-11-29T15:59:59.999Z' }
    expect(TEMPLATES.pickup_ready?.wordsOf(payload, AT)).toEqual({
      thing1: '白桃乌龙体验装',
      time2: '2026年11月29日 23:59',
      thing3: '到店出示会员码，报取货码就能取',
    })
  })

  test('of a paid reward say why, how much and since when', () => {
    expect(TEMPLATES.reward_released?.wordsOf({ points: 300 }, AT)).toEqual({
      thing1: '朋友喝到第一盏',
      number2: '300',
      time3: '2026年11月22日 09:12',
      thing4: '现在就可以使用',
    })
  })

  test('of a tier that ends say which, when, and what is missing', () => {
    const payload = { tierName: '铂金', endsAt: '2027-11-30T15:59:59.999Z', needGrowth: 2_000 }
    expect(TEMPLATES.tier_ending?.wordsOf(payload, AT)).toEqual({
      thing1: '铂金会员',
      time2: '2027年11月30日 23:59',
      thing3: '再积 2,000 成长值就能留住',
    })
  })

  test("keep WeChat's rules whatever is picked up, paid or ends", () => {
    const at = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    const title = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    fc.assert(
      fc.property(title, fc.integer({ min: 1, max: 10_000_000 }), at, (title, points, at) => {
        for (const [key, payload] of [
          ['pickup_ready', { title, pickupBy: at }],
          ['reward_released', { points }],
          ['tier_ending', { tierName: title, endsAt: at, needGrowth: points }],
          ['hand_in_reviewed', { title, how: points % 2 ? 'approve' : 'reject', rewarded: points % 3 === 0 }],
          ['honour_ending', { name: title, endsAt: at, because: points % 2 ? 'duties' : 'term' }],
        ] as const) {
          const data = TEMPLATES[key]?.wordsOf(payload, at) ?? {}
          const asSent = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, { value }]))
          expect(dataRefusal(DEMO_TEMPLATES[key].keys, asSent)).toBeNull()
        }
      }),
    )
  })

  test('of pick-ups and rewards are none when the payload is another’s', () => {
    for (const key of [
      'pickup_ready',
      'reward_released',
      'tier_ending',
      'honour_ending',
      'hand_in_reviewed',
      'leaving',
    ])
      for (const payload of [null, 'x', {}, { title: '', pickupBy: 'soon' }, { points: 0 }])
        expect(TEMPLATES[key]?.wordsOf(payload, AT)).toBeNull()
  })

  test('are none when the payload is not of this template', () => {
    for (const payload of [null, 'x', {}, told({ points: -1 }), told({ at: 'yesterday' })])
      expect(words(payload)).toBeNull()
  })

  test('are cut at twenty characters, counting a rare character as one', () => {
    expect(thing('一'.repeat(20))).toBe('一'.repeat(20))
    expect(thing('一'.repeat(21))).toBe(`${'一'.repeat(19)}…`)
    expect([...thing('𠮷'.repeat(30))]).toHaveLength(20)
  })
})

test('a purchase below one yuan tells nothing', () => {
  const event = { memberId: 'm', orderId: 'o', amountFen: 99, points: 0, growth: 0, activeAt: AT, at: AT }
  expect(outboxOnOrderSettled(event)).toEqual([])
})

test('the demo has a template of every message, with the keys that its words fill', () => {
  const payloads: Record<string, object> = {
    points_arrived: told(),
    phone_moved: {},
    pickup_ready: { title: '杯', pickupBy: AT },
    reward_released: { points: 1 },
    tier_ending: { tierName: '铂金', endsAt: AT, needGrowth: 1 },
    honour_ending: { name: '一盏大使', endsAt: AT, because: 'duties' },
    hand_in_reviewed: { title: '说一说', how: 'approve', rewarded: true },
    leaving: { dueAt: AT },
  }
  expect(Object.keys(DEMO_TEMPLATES).sort()).toEqual(Object.keys(TEMPLATES).sort())
  for (const [key, { keys, title }] of Object.entries(DEMO_TEMPLATES)) {
    expect(Object.keys(TEMPLATES[key]?.wordsOf(payloads[key], AT) ?? {})).toEqual(keys)
    expect(TEMPLATES[key]?.title).toBe(title)
  }
})
