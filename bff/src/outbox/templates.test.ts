import fc from 'fast-check'
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
