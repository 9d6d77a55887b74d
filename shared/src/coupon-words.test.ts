import { groupWords, scopeWords, stackWords } from './coupon-words'

test.each([
  ['order', '可与单品券同用'],
  ['item', '可与整单券同用'],
  ['alone', '不与其他券同用'],
  ['from_a_newer_server', '可与整单券、单品券同用'],
])('a coupon of the group %s says: %s', (group, words) => expect(stackWords(group)).toBe(words))

test('a group is called as people say', () => {
  expect([groupWords('item'), groupWords('from_a_newer_server')]).toEqual(['单品券', null])
})

test.each([
  [null, '全部商品'],
  [{ categories: ['纯茶', '奶茶'], products: [], except: [] }, '限纯茶、奶茶'],
  [{ categories: ['纯茶'], products: ['桂花冻'], except: [] }, '限纯茶和「桂花冻」'],
  [{ categories: [], products: ['甲', '乙', '丙', '丁'], except: [] }, '限「甲」「乙」等 4 款'],
  [{ categories: [], products: [], except: ['大红袍'] }, '全部商品，「大红袍」除外'],
  [{ categories: ['纯茶'], products: [], except: ['大红袍', '金骏眉'] }, '限纯茶，「大红袍」「金骏眉」除外'],
])('a scope of %j is %s', (names, words) => expect(scopeWords(names)).toBe(words))
