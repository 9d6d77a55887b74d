import { articleCheckDigit, isArticleBarcode, productStateOf } from './product'

const at = (hour: number) => new Date(Date.UTC(2026, 10, 22, hour))

test('an article is bought by everybody, by who comes early, not yet, or no longer; each bound to the millisecond', () => {
  const window = { publicAt: at(8), earlyHours: 4, endsAt: at(12) }
  const justBefore = (hour: number) => new Date(at(hour).getTime() - 1)
  expect(productStateOf(window, at(4), justBefore(4))).toBe('soon')
  expect(productStateOf(window, at(4), at(4))).toBe('early')
  expect(productStateOf(window, null, justBefore(8))).toBe('soon')
  expect(productStateOf(window, null, at(8))).toBe('on')
  expect(productStateOf(window, null, justBefore(12))).toBe('on')
  expect(productStateOf(window, null, at(12))).toBe('over')
})

test('the check digit of an EAN-13 finds every wrong digit', () => {
  // the example of the standard
  expect(articleCheckDigit('629104150021')).toBe('3')
  const good = '6291041500213'
  expect(isArticleBarcode(good)).toBe(true)
  for (let place = 0; place < 13; place++)
    for (let digit = 0; digit < 10; digit++) {
      const other = good.slice(0, place) + digit + good.slice(place + 1)
      expect(isArticleBarcode(other)).toBe(other === good)
    }
  for (const text of ['', '629104150021', '62910415002133', ' 6291041500213', '629104150021x'])
    expect(isArticleBarcode(text)).toBe(false)
})
