import fc from 'fast-check'
import { isDisplayName, isMemberNo, luhnDigit, maskName, maskPhone, memberNoFrom } from './member'

const fourteen = fc.stringMatching(/^\d{14}$/)

describe('a member number', () => {
  // the textbook's number 7992739871 has the check digit 3
  test('ends in the check digit of the standard', () => {
    expect(luhnDigit('7992739871')).toBe('3')
  })

  test('has 16 digits, starts with 8 and is recognised', () => {
    fc.assert(
      fc.property(fourteen, (digits) => {
        const number = memberNoFrom(digits)
        expect(number).toMatch(/^8\d{15}$/)
        expect(isMemberNo(number)).toBe(true)
      }),
    )
  })

  test('with one digit mistyped is none', () => {
    fc.assert(
      fc.property(fourteen, fc.nat(15), fc.integer({ min: 1, max: 9 }), (digits, place, by) => {
        const number = memberNoFrom(digits)
        const wrong = String((Number(number[place]) + by) % 10)
        expect(isMemberNo(number.slice(0, place) + wrong + number.slice(place + 1))).toBe(false)
      }),
    )
  })

  test('with two neighbours swapped is none, but for 0 and 9', () => {
    fc.assert(
      fc.property(fourteen, fc.nat(14), (digits, place) => {
        const number = memberNoFrom(digits)
        const [a, b] = [number[place], number[place + 1]] as [string, string]
        fc.pre(a !== b && !['09', '90'].includes(a + b))
        expect(isMemberNo(number.slice(0, place) + b + a + number.slice(place + 2))).toBe(false)
      }),
    )
  })

  test.each(['', '8', '1234567890123456', '8'.repeat(17), '8 00000000000000'])('%j is none', (text) => {
    expect(isMemberNo(text)).toBe(false)
  })
})

describe('masks', () => {
  test.each([
    ['林小满', '林**'],
    ['林满', '林*'],
    ['林', '林*'],
    ['欧阳小满满', '欧**'],
    ['𠮷野家', '𠮷**'],
    ['Ann', 'A**'],
    ['', ''],
    ['  ', ''],
  ])('the name %j is shown as %j', (name, shown) => {
    expect(maskName(name)).toBe(shown)
  })

  test.each([
    ['+8613800002207', '138****2207'],
    ['13800002207', '138****2207'],
    ['+85251234567', '****4567'],
  ])('the phone %s is shown as %s', (phone, shown) => {
    expect(maskPhone(phone)).toBe(shown)
  })

  test('never show more than the first letter of a name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
        const [, ...rest] = [...maskName(name)]
        expect(rest.every((letter) => letter === '*')).toBe(true)
        expect(rest.length).toBeLessThanOrEqual(2)
      }),
    )
  })
})

test.each([
  ['小林', true],
  ['  小林  ', true],
  ['二十个字二十个字二十个字二十个字二十个字', true],
  ['二十一个字二十一个字二十一个字二十一个字二', false],
  ['', false],
  [' ', false],
  ['a\u0000b', false],
  ['a\u202eb', false],
])('%j may be a display name: %p', (name, may) => {
  expect(isDisplayName(name)).toBe(may)
})
