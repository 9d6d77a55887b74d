import type { Key } from '../../ui/keypad'

/** More digits in a row than an amount can have: a hand scanner, which types like a keyboard and ends with Enter. */
const SCAN_DIGITS = 8
const CODE_DIGITS = 18
const PAUSE_MS = 1_500

export interface KeyEars {
  /** A key of the amount. */
  onKey(key: Key): void
  /** Digits begin to come; should they turn out to be a scan, the amount goes back to what it is now. */
  onBurst(): void
  /** What was scanned, and the digits of an amount that fingers typed right before it. A card's number may have letters. */
  onScan(code: string, typed: string): void
  onEnter(): void
}

/** Member codes are eighteen digits and begin with a nine; nothing else that a till scans does. */
export const isMemberCode = (digits: string): boolean => digits.length === CODE_DIGITS && digits.startsWith('9')

type Heard = 'key' | 'scan' | 'enter' | null

/** Tells a hand scanner from fingers. `now` in ms; answers what the key was taken for. */
export function keyReader(ears: Omit<KeyEars, 'onEnter'>): (key: string, now: number) => Heard {
  let digits = ''
  // everything since the last pause, where a letter was among it: a printed card may have some
  let mixed = ''
  let last = 0
  return (key, now) => {
    if (now - last > PAUSE_MS) digits = mixed = ''
    last = now
    if (key === 'Shift') return null
    if (/^[A-Za-z]$/.test(key) || (mixed !== '' && /^[\d-]$/.test(key))) {
      mixed = (mixed || digits) + key
      digits = ''
      return 'key'
    }
    if (key === 'Enter' && mixed !== '') {
      const card = mixed
      mixed = ''
      if (card.length >= SCAN_DIGITS) ears.onScan(card, '')
      return 'scan'
    }
    mixed = ''
    if (/^\d$/.test(key)) {
      if (digits === '') ears.onBurst()
      digits += key
      ears.onKey(key as Key)
      return 'key'
    }
    const before = digits
    digits = ''
    if (key === 'Enter') {
      if (before.length < SCAN_DIGITS) return 'enter'
      ears.onScan(before.slice(-CODE_DIGITS), before.slice(0, -CODE_DIGITS))
      return 'scan'
    }
    if (key !== '.' && key !== 'Backspace') return null
    ears.onKey(key === '.' ? '.' : 'del')
    return 'key'
  }
}
