import { PROOF_DIGITS, parseMemberCode } from '@huiyuan/shared/code'
import { isArticleBarcode } from '@huiyuan/shared/product'
import type { Key } from '../../ui/keypad'

/** More digits in a row than an amount can have: a hand scanner, which types like a keyboard and ends with Enter. */
const SCAN_DIGITS = 8
const CODE_DIGITS = 18
const PROVEN_DIGITS = CODE_DIGITS + PROOF_DIGITS
const ARTICLE_DIGITS = 13
const PAUSE_MS = 1_500

export interface KeyEars {
  /** A key of the amount. */
  onKey(key: Key): void
  /** Digits begin to come; should they turn out to be a scan, the amount goes back to what it is now. */
  onBurst(): void
  /** They are more than an amount can have: the amount goes back now, the rest of them is told with `onScan` only. */
  onOverrun(): void
  /** What was scanned, and the digits of an amount that fingers typed right before it. A card's number may have letters. */
  onScan(code: string, typed: string): void
  onEnter(): void
}

/** Eighteen digits that begin with a nine, alone or with their proof; nothing else that a till scans is like that. */
export const isMemberCode = (digits: string): boolean => parseMemberCode(digits) !== null

/** What was scanned, without the digits of an amount that stand right before it. */
function scanned(digits: string): { code: string; typed: string } {
  const last = (count: number) => ({ code: digits.slice(-count), typed: digits.slice(0, -count) })
  for (const count of [PROVEN_DIGITS, CODE_DIGITS]) {
    const found = last(count)
    if (isMemberCode(found.code)) return found
  }
  if (isArticleBarcode(digits.slice(-ARTICLE_DIGITS))) return last(ARTICLE_DIGITS)
  return last(CODE_DIGITS)
}

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
      if (card.length >= SCAN_DIGITS || isCommand(card)) ears.onScan(card, '')
      return 'scan'
    }
    mixed = ''
    if (/^\d$/.test(key)) {
      if (digits === '') ears.onBurst()
      digits += key
      if (digits.length <= SCAN_DIGITS) ears.onKey(key as Key)
      else if (digits.length === SCAN_DIGITS + 1) ears.onOverrun()
      return 'key'
    }
    const before = digits
    digits = ''
    if (key === 'Enter') {
      if (before.length < SCAN_DIGITS) return 'enter'
      const { code, typed } = scanned(before)
      ears.onScan(code, typed)
      return 'scan'
    }
    if (key !== '.' && key !== 'Backspace') return null
    ears.onKey(key === '.' ? '.' : 'del')
    return 'key'
  }
}

/** Letters that are meant for the till itself; digits right before them are an amount. */
const isCommand = (text: string): boolean => /^\d*HY-/i.test(text)
