import type { Journal } from './journal'

interface Pending {
  handle: NodeJS.Timeout
  delayMs: number
  repeats: boolean
}

/** The timers of the logic layer: real ones, but known, so that one can wait for them and end them. */
export interface Timers {
  globals: Record<'setTimeout' | 'setInterval' | 'clearTimeout' | 'clearInterval', (...args: never[]) => unknown>
  /** How many one-shot timers are pending that were set for at most so long. */
  pendingWithin(delayMs: number): number
  /** Ends all timers; later ones never fire. */
  close(): void
}

type Callback = (...args: unknown[]) => void

export function createTimers(journal: Journal): Timers {
  const pending = new Map<number, Pending>()
  let last = 0
  let closed = false

  const fire = (id: number, callback: Callback, args: unknown[]) => {
    if (!pending.get(id)?.repeats) pending.delete(id)
    try {
      callback(...args)
    } catch (error) {
      journal.caught(error, 'timer')
    }
  }
  const start =
    (repeats: boolean) =>
    (callback: Callback, delayMs?: number, ...args: unknown[]) => {
      last += 1
      const id = last
      if (closed || typeof callback !== 'function') return id
      const delay = Math.max(0, Number(delayMs) || 0)
      const handle = (repeats ? setInterval : setTimeout)(() => fire(id, callback, args), delay)
      pending.set(id, { handle, delayMs: delay, repeats })
      return id
    }
  const end = (id?: number) => {
    const found = id === undefined ? undefined : pending.get(id)
    if (!found) return
    clearTimeout(found.handle)
    pending.delete(id as number)
  }
  return {
    globals: { setTimeout: start(false), setInterval: start(true), clearTimeout: end, clearInterval: end },
    pendingWithin: (delayMs) => [...pending.values()].filter((one) => !one.repeats && one.delayMs <= delayMs).length,
    close() {
      closed = true
      for (const { handle } of pending.values()) clearTimeout(handle)
      pending.clear()
    },
  }
}
