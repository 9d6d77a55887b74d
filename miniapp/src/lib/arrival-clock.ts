/** How far the server's clock is ahead of this phone's, as its last answer told; nothing before the first one. */
let aheadMs = 0

/** Every answer of the server carries its time, to the second. */
export function learnServerTime(headers: Record<string, unknown> | undefined, now: number): void {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === 'date')
  const told = Date.parse(String(name ? headers?.[name] : ''))
  if (!Number.isNaN(told)) aheadMs = told - now
}

/** An instant of this phone's clock by the server's, epoch ms. */
export const serverTimeOf = (at: number): number => Math.max(0, Math.round(at + aheadMs))
