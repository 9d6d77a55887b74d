import type { House } from './ctx'
import { remembered } from './remembered'

const at = (ms: number) => {
  const clock = { ms }
  return { clock, house: { now: () => new Date(clock.ms) } as House }
}

test('an answer holds until its instant and not a moment longer', () => {
  const { clock, house } = at(1_000)
  const names = remembered<string>()
  names.keep(house, 'a', 'Lin', 2_000)
  clock.ms = 1_999
  expect(names.recall(house, 'a')).toBe('Lin')
  clock.ms = 2_000
  expect(names.recall(house, 'a')).toBeUndefined()
})

test('what is forgotten is gone, and houses do not know of each other', () => {
  const [one, other] = [at(0).house, at(0).house]
  const names = remembered<string>()
  names.keep(one, 'a', 'Lin', 10)
  expect(names.recall(other, 'a')).toBeUndefined()
  names.forget(one, 'a')
  expect(names.recall(one, 'a')).toBeUndefined()
})

test('the memory is bounded', () => {
  const { house } = at(0)
  const names = remembered<number>()
  for (let n = 0; n <= 10_000; n++) names.keep(house, String(n), n, 10)
  expect(names.recall(house, '0')).toBeUndefined()
  expect(names.recall(house, '10000')).toBe(10_000)
})
