import { type Fit, fitOf, fitWords, menuOf } from './coupon'

const item = (sku: string, category: string, unitFen: number, qty = 1) => ({ sku, category, unitFen, qty })
const tea = { categories: ['tea'] }

test.each<[string, { categories: string[] } | null, number, ReturnType<typeof item>[], Fit | null, string | null]>([
  ['nothing picked', null, 3_000, [], null, null],
  ['enough', null, 3_000, [item('a', 'milk', 1_500, 2)], { kind: 'fits' }, '选好的这几样能用'],
  ['a little short', null, 3_000, [item('a', 'milk', 2_400)], { kind: 'near', missingFen: 600 }, '选好的再加 6 元可用'],
  ['far from it', null, 20_000, [item('a', 'milk', 2_400)], { kind: 'far' }, null],
  ['of something else', tea, 0, [item('a', 'milk', 2_400)], { kind: 'beside' }, '选好的里没有它能用的'],
  [
    'counted by its own lines',
    tea,
    2_000,
    [item('a', 'milk', 2_400), item('b', 'tea', 1_650)],
    { kind: 'near', missingFen: 350 },
    '选好的再加 3.5 元可用',
  ],
  ['for anything of its kind', tea, 0, [item('b', 'tea', 1_600)], { kind: 'fits' }, '选好的这几样能用'],
])('%s', (_name, scope, thresholdFen, items, fit, words) => {
  expect(fitOf({ scope, thresholdFen }, items)).toEqual(fit)
  expect(fit && fitWords(fit)).toBe(words)
})

test('a coupon leads to its group of the menu', () => {
  expect([menuOf({ scope: null }), menuOf({ scope: tea })]).toEqual([
    '/pages/product/menu',
    '/pages/product/menu?category=tea',
  ])
})
