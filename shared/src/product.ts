/** The menu: what an article is, from when on somebody may buy it, and what is printed on its pack. */
import { opensFor, type RewardWindow } from './mall'
import type { OwnRight } from './right'

/** When an article is sold; rights of early access reach it as they reach the mall. */
export type ProductWindow = RewardWindow

/** `on`: for everybody. `early`: for this reader already. `soon`: not yet. `over`: no longer. */
export type ProductState = 'on' | 'early' | 'soon' | 'over'

/** From when on these rights let in before the public; null where none does. */
export function earlyOpensAt(window: ProductWindow, rights: readonly OwnRight[]): Date | null {
  const opensAt = opensFor(window, rights)
  return opensAt < window.publicAt ? opensAt : null
}

export function productStateOf({ publicAt, endsAt }: ProductWindow, opensAt: Date | null, now: Date): ProductState {
  if (endsAt !== null && endsAt <= now) return 'over'
  if (publicAt <= now) return 'on'
  return opensAt !== null && opensAt <= now ? 'early' : 'soon'
}

/** The last digit of an EAN-13: the weighted sum of all thirteen is a whole ten. */
export function articleCheckDigit(twelveDigits: string): string {
  const sum = [...twelveDigits].reduce((total, digit, at) => total + Number(digit) * (at % 2 ? 3 : 1), 0)
  return String((10 - (sum % 10)) % 10)
}

/** Whether a scanned text is an article's EAN-13. Member codes and card numbers are longer. */
export const isArticleBarcode = (text: string): boolean =>
  /^\d{13}$/.test(text) && articleCheckDigit(text.slice(0, 12)) === text[12]
