import { create } from 'zustand'
import { keep, kept } from './storage'

/** Half a minute is one code: what is off by less is taken at the counter all the same. */
const SLACK_MS = 30_000
const NAME = 'code-seen'

export type ClockDoubt = 'went_back' | 'jumped'

/** Why this phone's clock is not believed any more; only a fresh answer of the server ends the doubt. */
export const useClockDoubt = create<{ doubt: ClockDoubt | null }>(() => ({ doubt: null }))

/** The latest time that was ever seen here, by the server's clock as far as this phone knows it. */
let seen: number | null = null
const seenAt = (): number => {
  seen ??= kept<number>(NAME) ?? 0
  return seen
}

function see(serverNow: number): void {
  seen = serverNow
  keep(NAME, serverNow)
}

export interface ClockLook {
  /** The server's time by this phone's clock, epoch ms. */
  serverNow: number
  /** What has passed since the look before, by a clock that nobody can set, and by the phone's own; null for the first look. */
  passed: { steadyMs: number; wallMs: number } | null
}

/** What is wrong with a clock; null when it runs like any other. */
export function doubtOf({ serverNow, passed }: ClockLook, latestMs: number): ClockDoubt | null {
  if (serverNow < latestMs - SLACK_MS || (passed && passed.wallMs < passed.steadyMs - SLACK_MS)) return 'went_back'
  return passed && passed.wallMs > passed.steadyMs + SLACK_MS ? 'jumped' : null
}

/** One look at the clock while the code is shown. */
export function lookAtClock(look: ClockLook): void {
  const doubt = doubtOf(look, seenAt())
  if (doubt) useClockDoubt.setState({ doubt })
  else if (!useClockDoubt.getState().doubt && look.serverNow > seenAt() + SLACK_MS) see(look.serverNow)
}

/** The server has just told the time. */
export function clockLearnt(serverNow: number): void {
  if (Math.abs(serverNow - seenAt()) > SLACK_MS) see(serverNow)
  useClockDoubt.setState({ doubt: null })
}
