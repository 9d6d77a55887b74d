/**
 * One natural person. The number printed on a card has 16 digits, starts with 8 and ends in a Luhn check digit;
 * on screens other than the member's own, names and phones are masked.
 */

/** The Luhn check digit (ISO/IEC 7812-1 annex B) of a run of digits. */
export function luhnDigit(digits: string): string {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const doubled = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String((10 - (sum % 10)) % 10)
}

/** A member number from 14 digits (random or counted): `8` + 14 + check digit. */
export const memberNoFrom = (fourteenDigits: string): string => {
  const body = `8${fourteenDigits}`
  return body + luhnDigit(body)
}

export const isMemberNo = (text: string): boolean => /^8\d{15}$/.test(text) && luhnDigit(text.slice(0, 15)) === text[15]

/** `林小满` → `林**`; a name of Latin letters keeps its first. Empty stays empty. */
export function maskName(name: string): string {
  const [first, ...rest] = [...name.trim()]
  return first ? first + '*'.repeat(Math.min(2, Math.max(1, rest.length))) : ''
}

/** `+8613800002207` or `13800002207` → `138****2207`; other countries keep the last four. */
export function maskPhone(phone: string): string {
  const mainland = /^(?:\+?86)?(1\d{2})\d{4}(\d{4})$/.exec(phone)
  return mainland ? `${mainland[1]}****${mainland[2]}` : `****${phone.slice(-4)}`
}

/** A display name a member may choose: 1–20 characters, no control characters. */
export const isDisplayName = (name: string): boolean =>
  [...name.trim()].length >= 1 && [...name.trim()].length <= 20 && !/\p{C}/u.test(name)

/** A plastic card's number without what people type between: 6 to 32 digits or capital letters; null for anything else. */
export function normalCardNo(typed: string): string | null {
  const cardNo = typed.replace(/[\s-]+/g, '').toUpperCase()
  return /^[0-9A-Z]{6,32}$/.test(cardNo) ? cardNo : null
}
