/** The sandbox's own time: runs like the wall's until it is held or moved. */
export interface Clock {
  now(): number
  /** Stops at this time (epoch ms), or at the present one. */
  hold(at?: number): void
  /** Moves on, whether held or running. */
  advance(ms: number): void
  /** Back to the wall clock. */
  release(): void
}

export function createClock(): Clock {
  let heldAt: number | null = null
  let offsetMs = 0
  const now = () => heldAt ?? Date.now() + offsetMs
  return {
    now,
    hold(at) {
      heldAt = at ?? now()
    },
    advance(ms) {
      if (heldAt === null) offsetMs += ms
      else heldAt += ms
    },
    release() {
      heldAt = null
      offsetMs = 0
    },
  }
}
