import fc from 'fast-check'
import { normalPhone } from './phone'

test.each([
  ['13800002207', '+8613800002207'],
  ['138 0000 2207', '+8613800002207'],
  ['138-0000-2207', '+8613800002207'],
  ['+86 138 0000 2207', '+8613800002207'],
  ['008613800002207', '+8613800002207'],
  ['13800002207', '+8613800002207'],
  ['+852 9123 4567', '+85291234567'],
  ['+14155552671', '+14155552671'],
])('%s is %s', (typed, phone) => {
  expect(normalPhone(typed)).toBe(phone)
})

test.each([
  '',
  '1380000220',
  '138000022077',
  '12800002207',
  '010 8888 8888',
  '+86 571 8888 8888',
  '95588',
  '13800002207 ext. 5',
  'nobody',
  '+',
  '+999 123456789',
])('"%s" is no phone that a text can reach', (typed) => {
  expect(normalPhone(typed)).toBeNull()
})

test('every mainland mobile number survives, and what is normal stays', () => {
  const number = fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 0, max: 999_999_999 }))
  fc.assert(
    fc.property(number, ([second, rest]) => {
      const phone = normalPhone(`1${second}${String(rest).padStart(9, '0')}`)
      expect(phone).toMatch(/^\+861[3-9]\d{9}$/)
      expect(normalPhone(phone as string)).toBe(phone)
    }),
  )
})

test('nothing typed breaks it', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 24 }), (typed) => {
      expect(normalPhone(typed) ?? '+1').toMatch(/^\+\d+$/)
    }),
  )
})
