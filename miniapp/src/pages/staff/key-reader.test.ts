/// <reference types="jest" />
import { PROOF_DIGITS } from '@huiyuan/shared/code'
import type { Key } from '../../ui/keypad'
import { fenOf, typed } from './amount'
import { isMemberCode, keyReader } from './key-reader'
import { commandOf } from './till-command'

const CODE = '901234567890123456'
/** As long as a code with its proof. */
const PROVEN = CODE + '3141592653'.repeat(43).slice(0, PROOF_DIGITS)

/** A till's amount under a keyboard; `press` types keys `gapMs` apart. */
function till() {
  let amount = ''
  let before = ''
  let now = 0
  const scans: string[] = []
  const read = keyReader({
    onKey: (key) => {
      amount = typed(amount, key)
    },
    onBurst: () => {
      before = amount
    },
    onOverrun: () => {
      amount = before
    },
    onScan: (code, digits) => {
      amount = ([...digits] as Key[]).reduce(typed, before)
      scans.push(code)
    },
  })
  const press = (keys: string[], gapMs = 20) =>
    keys.map((key) => {
      now += gapMs
      return read(key, now)
    })
  return { press, scans, wait: (ms: number) => (now += ms), amount: () => amount }
}

test('a hand scanner is told from fingers, and leaves the amount alone', () => {
  const { press, scans, amount } = till()
  expect(press([...CODE, 'Enter']).at(-1)).toBe('scan')
  expect(scans).toEqual([CODE])
  expect(amount()).toBe('')
})

test.each([0, 2_000])('an amount typed %i ms before a scan stays', (ms) => {
  const { press, scans, wait, amount } = till()
  press(['6', '8', '.', '5'])
  wait(ms)
  press([...CODE, 'Enter'])
  expect(scans).toEqual([CODE])
  expect(amount()).toBe('68.5')
})

test('a barcode of goods is a scan too, never an amount', () => {
  const { press, scans, amount } = till()
  press([...'6901234567892', 'Enter'])
  expect(scans).toEqual(['6901234567892'])
  expect(amount()).toBe('')
})

test.each([
  ['a code', CODE],
  ['a code with its proof', PROVEN],
  ['a barcode', '6901234567892'],
])('an amount typed right before %s is told from it', (_what, code) => {
  const { press, scans, amount } = till()
  press([...'12', '.', '5', ...code, 'Enter'])
  expect([scans, amount()]).toEqual([[code], '12.5'])
  press([...'340', ...code, 'Enter'])
  expect(scans).toEqual([code, code])
})

test('while a long code is coming the amount is what it was, and hears of it no more', () => {
  const { press, scans, amount } = till()
  press([...'68'])
  press([...PROVEN].slice(0, 100), 5)
  expect(amount()).toBe('')
  press([...[...PROVEN].slice(100), 'Enter'], 5)
  expect([scans, amount()]).toEqual([[PROVEN], '68'])
})

test.each([
  ['HY-PAY', 'pay'],
  ['hy-next', 'next'],
  ['68HY-POINTS', 'points'],
  ['HY-OTHER', 'unknown'],
  ['YZ1234-5678', null],
])('%s commands %s', (text, command) => {
  const { press, scans } = till()
  press([...text, 'Enter'])
  expect([scans, commandOf(text)]).toEqual([[text], command])
})

test('fingers type an amount and press Enter', () => {
  const { press, scans, amount } = till()
  const heard = press(['1', '2', 'Backspace', '0', '.', '5', 'Enter', 'Tab', 'F5'])
  expect(heard.slice(-3)).toEqual(['enter', null, null])
  expect(amount()).toBe('10.5')
  expect(scans).toEqual([])
})

test('digits typed with long pauses never add up to a scan', () => {
  const { press, scans } = till()
  press([...CODE], 1_600)
  expect(press(['Enter'], 1_600)).toEqual(['enter'])
  expect(scans).toEqual([])
})

test.each([
  ['', '.', '0.'],
  ['0', '7', '7'],
  ['68.05', '1', '68.05'],
  ['68.', '.', '68.'],
  ['10000', '0', '100000'],
  ['100000', '1', '100000'],
  ['100000.', '1', '100000.'],
  ['68.', 'del', '68'],
  ['', 'del', ''],
] as [string, Key, string][])('%j and %s make %j', (text, key, after) => expect(typed(text, key)).toBe(after))

test.each([
  ['', 0],
  ['0', 0],
  ['0.', 0],
  ['68', 6_800],
  ['68.', 6_800],
  ['68.5', 6_850],
  ['100000', 10_000_000],
] as [string, number][])('%j is %i fen', (text, fen) => expect(fenOf(text)).toBe(fen))

test.each([
  [CODE, true],
  ['134512345678901234', false],
  ['90123456', false],
  [`9${CODE}`, false],
  [PROVEN, true],
  [PROVEN.slice(1), false],
])('%s is a member code: %s', (digits, is) => expect(isMemberCode(digits)).toBe(is))

test('a card’s number with letters is read whole, and a letter typed by chance is nothing', () => {
  const { press, scans, wait, amount } = till()
  press(['Shift', 'Y', 'Shift', 'Z', ...'1234-5678', 'Enter'])
  expect(scans).toEqual(['YZ1234-5678'])
  expect(amount()).toBe('')
  press(['q'])
  wait(2_000)
  press([...CODE, 'Enter'])
  expect(scans.at(-1)).toBe(CODE)
  expect(press(['a', 'Enter']).at(-1)).toBe('scan')
  expect(scans).toHaveLength(2)
})
