import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { handleOf } from './handle'

const keyOf = (name: string) => new Uint8Array(createHash('sha256').update(name).digest())
const key = keyOf('one house')
const deviceNumber = fc.integer({ min: 0, max: 9_999_999_999 })

test.each([2, 3, 10, 30])('a permutation: of %i² numbers each handle is given once', (half) => {
  const all = Array.from({ length: half * half }, (_, number) => Number(handleOf(number, key, half)))
  expect(all.sort((a, b) => a - b)).toEqual([...all.keys()])
})

test('ten digits for every number, the same each time', () => {
  fc.assert(
    fc.property(deviceNumber, (number) => {
      expect(handleOf(number, key)).toMatch(/^\d{10}$/)
      expect(handleOf(number, key)).toBe(handleOf(number, key))
    }),
  )
})

test('two numbers never share a handle', () => {
  fc.assert(
    fc.property(fc.uniqueArray(deviceNumber, { minLength: 2, maxLength: 50 }), (numbers) => {
      expect(new Set(numbers.map((number) => handleOf(number, key))).size).toBe(numbers.length)
    }),
  )
})

test('another key deals other handles', () => {
  const other = keyOf('another house')
  const same = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => handleOf(n, key) === handleOf(n, other))
  expect(same).toEqual([])
})

test('neighbours lie far apart: nothing of the count shows in the first or last digits', () => {
  const handles = Array.from({ length: 10_000 }, (_, n) => handleOf(n, key))
  for (const digitOf of [(handle: string) => handle[0], (handle: string) => handle[9]]) {
    const counts = Array.from(
      { length: 10 },
      (_, d) => handles.filter((handle) => digitOf(handle) === String(d)).length,
    )
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1_150)
  }
})

test.each([-1, 10_000_000_000, 1.5, Number.NaN])('%p is no device number', (number) => {
  expect(() => handleOf(number, key)).toThrow('used up')
})
