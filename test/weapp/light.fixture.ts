import type { Phone } from './runtime/phone'

const KB = 1024
/** What WeChat is handed at once: when a page is first drawn, and ever after. */
export const FIRST_BYTES = 24 * KB
export const LATER_BYTES = 8 * KB

/**
 * Taps; the tapped page may be drawn once for the finger and, in two pieces, for each answer of the server. Without an
 * answer, twice: Taro says the value of a field that comes up a second time.
 */
export async function tapLightly(phone: Phone, which: string): Promise<void> {
  const { path } = phone.page().page
  const asked = phone.journal.requests.length
  const led = await phone.tap(which)
  const answers = phone.journal.requests.length - asked
  // Points that count up are many drawings of nothing but a text.
  const drawn = led.filter(({ page, keys }) => page === path && !keys.every((key) => key.endsWith('.v')))
  expect({ which, drawn: drawn.length <= Math.max(2, 1 + 2 * answers) ? [] : drawn }).toEqual({ which, drawn: [] })
}

/** Since its start the phone was handed little at a time and has nothing to complain of. */
export function expectLight(phone: Phone): void {
  const heavy = phone.journal.setData.filter(({ nth, bytes }) => bytes > (nth === 1 ? FIRST_BYTES : LATER_BYTES))
  expect({ heavy, complaints: phone.complaints() }).toEqual({ heavy: [], complaints: [] })
}
