/**
 * Money is whole fen. A yuan amount is written with two places; points and growth are counted per whole yuan,
 * so that the last fen of an amount never earns anything.
 */

/** The largest amount one ring-up may have: ¥100,000. More is a typing slip at a counter. */
export const MAX_AMOUNT_FEN = 10_000_000

/** `6800` → `¥68.00`; thousands are grouped: `¥1,234.50`. Works without Intl, which WeChat's runtime lacks. */
export function yuanText(amountFen: number): string {
  const sign = amountFen < 0 ? '−' : ''
  const fen = Math.abs(Math.trunc(amountFen))
  return `${sign}¥${countText(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`
}

/** `12345` → `12,345`. */
export function countText(count: number): string {
  const digits = String(Math.abs(Math.trunc(count))).replace(/\B(?=(\d{3})+$)/g, ',')
  return count < 0 ? `−${digits}` : digits
}

/** What was typed at a counter (`68`, `68.5`, `68.50`) as fen, or null when it is not an amount. */
export function parseYuan(text: string): number | null {
  const match = /^(\d{1,6})(?:\.(\d{0,2}))?$/.exec(text.trim())
  if (!match) return null
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

/** Whether an amount may be rung up: whole fen, above zero, at most `MAX_AMOUNT_FEN`. */
export const isRingUpAmount = (amountFen: number): boolean =>
  Number.isInteger(amountFen) && amountFen > 0 && amountFen <= MAX_AMOUNT_FEN

/** floor(yuan × perYuan); perYuan may have decimals (1.5 points a yuan) and is taken in hundredths. */
export const countPerYuan = (amountFen: number, perYuan: number): number =>
  Math.floor((Math.floor(amountFen / 100) * Math.round(perYuan * 100)) / 100)
