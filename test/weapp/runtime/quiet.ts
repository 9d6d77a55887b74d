import { setTimeout as pause } from 'node:timers/promises'
import { PATIENCE_MS } from '../../support/patience'
import type { Timers } from './timers'

/** Timers up to this length belong to what was just set going; longer ones are waits of their own, such as a retry. */
const SHORT_TIMER_MS = 120

/** Counts what is under way, so that one can wait for the phone to come to rest. */
export interface Activity {
  /** Marks the start of something; the answer marks its end. */
  begin(what: string): () => void
  underWay(): string[]
  /** Goes up whenever something starts. */
  readonly started: number
}

export function createActivity(): Activity {
  const going = new Map<number, string>()
  let started = 0
  return {
    begin(what) {
      started += 1
      const id = started
      going.set(id, what)
      return () => void going.delete(id)
    },
    underWay: () => [...going.values()],
    get started() {
      return started
    },
  }
}

/** Waits until no call is under way, no short timer is pending and nothing new begins for a few turns of the loop. */
export async function waitForQuiet(activity: Activity, timers: Timers, limitMs = PATIENCE_MS): Promise<void> {
  const until = Date.now() + limitMs
  let calmTurns = 0
  let seen = activity.started
  while (calmTurns < 4) {
    await pause(1)
    const calm =
      activity.underWay().length === 0 && timers.pendingWithin(SHORT_TIMER_MS) === 0 && activity.started === seen
    calmTurns = calm ? calmTurns + 1 : 0
    seen = activity.started
    if (Date.now() > until) {
      const what = activity.underWay().join(', ') || `${timers.pendingWithin(SHORT_TIMER_MS)} short timers`
      throw new Error(`the phone did not come to rest within ${limitMs} ms: ${what}`)
    }
  }
}
