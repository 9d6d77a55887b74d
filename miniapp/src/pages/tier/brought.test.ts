import { broughtBy } from './brought'

test('each tier is told what it adds, in the order given; what only an honour brings is no tier’s', () => {
  const rights = [
    { title: '黄金早享', tierFrom: 2 },
    { title: '知茶人早享', tierFrom: null },
    { title: '满百减', tierFrom: 1 },
    { title: '星品会员价', tierFrom: 2 },
  ]
  expect(Object.fromEntries(broughtBy(rights))).toEqual({ 1: '满百减', 2: '黄金早享、星品会员价' })
  expect(broughtBy([]).size).toBe(0)
})
