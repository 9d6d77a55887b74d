import { type Article, isFound, openingWords, shelvesOf } from './menu-words'

const NOW = new Date('2026-11-22T04:00:00Z')
const PUBLIC = '2026-11-27T16:00:00.000Z'
const tea = (more: Partial<Article>): Article => ({
  sku: 'a',
  title: '桂花乌龙鲜奶',
  subtitle: '现撒桂花',
  category: 'milk',
  priceFen: 2_200,
  barcode: null,
  star: false,
  art: 'milk',
  publicAt: PUBLIC,
  earlyOpensAt: null,
  early: null,
  state: 'soon',
  ...more,
})
const early = (hours: number, state: 'available' | 'used_up' | 'locked', tier: number | null) => ({
  opensAt: new Date(Date.parse(PUBLIC) - hours * 3_600_000).toISOString(),
  state,
  tier,
})

test.each([
  [{ early: early(24, 'locked', 2) }, '11 月 28 日上市，黄金会员提前 24 小时'],
  [{ early: early(24, 'available', 2) }, '11 月 28 日上市，你可以提前 24 小时'],
  [{ early: early(24, 'used_up', 2) }, '11 月 28 日上市'],
  [{ early: early(24, 'locked', null) }, '11 月 28 日上市'],
  [{ publicAt: '2026-11-28T02:30:00.000Z' }, '11 月 28 日上市'],
  [{ publicAt: '2026-11-23T02:30:00.000Z' }, '11 月 23 日 10:30 上市'],
  [{ state: 'early' as const }, '你可以先喝到，11 月 28 日上市'],
  [{ state: 'on' as const }, null],
])('an article with %j says: %s', (more, words) => expect(openingWords(tea(more), NOW)).toBe(words))

test('the menu begins with what is known and new, and leaves out groups without an article', () => {
  const groups = [
    { categoryId: 'milk', title: '鲜奶茶' },
    { categoryId: 'snack', title: '茶点' },
  ]
  const names = (products: Article[]) => shelvesOf({ categories: groups, products }).map(({ name }) => name)
  expect(names([tea({})])).toEqual(['招牌与新品', '鲜奶茶'])
  expect(names([tea({ state: 'on' })])).toEqual(['鲜奶茶'])
})

test('words are found in the name and in what is said of it, each of them', () => {
  expect(['桂花', '乌龙 现撒', '龙井', '乌龙 龙井'].map((text) => isFound(tea({}), text))).toEqual([
    true,
    true,
    false,
    false,
  ])
})
