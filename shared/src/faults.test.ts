import { FAULTS, fault, isFaultCode } from './faults'

test('a fault without a detail carries an empty one; with one it carries that', () => {
  expect(fault('VISIT_OVER')).toEqual({ code: 'VISIT_OVER', detail: {} })
  expect(fault('CLAIM_WRONG', { triesLeft: 2 })).toEqual({ code: 'CLAIM_WRONG', detail: { triesLeft: 2 } })
})

test('only listed codes are fault codes, whatever hangs on every object', () => {
  for (const code of Object.keys(FAULTS)) expect(isFaultCode(code)).toBe(true)
  for (const no of ['', 'visit_over', 'toString', 'constructor', '__proto__', null, undefined, 7, {}])
    expect(isFaultCode(no)).toBe(false)
})
