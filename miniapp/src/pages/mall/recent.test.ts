import { withRecent } from './recent'

test('the newest stands first, each once, a few of them', () => {
  expect(withRecent([], ' 茶碗 ')).toEqual(['茶碗'])
  expect(withRecent(['券', '茶碗'], '茶碗')).toEqual(['茶碗', '券'])
  expect(withRecent(['Tea'], 'tea')).toEqual(['tea'])
  expect(withRecent(['1', '2', '3', '4', '5', '6', '7', '8'], '9')).toEqual(['9', '1', '2', '3', '4', '5', '6', '7'])
})

test('nothing is not remembered', () => {
  expect(withRecent(['券'], '  ')).toEqual(['券'])
})
