import { refuse } from '../refusal'

export interface Turns {
  /** Runs `work` when it is its turn, in the order of asking among those whose owner has room. @throws TOO_MANY when too many wait already */
  run<T>(owner: string, work: () => Promise<T>): Promise<T>
}

const RETRY_SECONDS = 5

/** So many at once, so many of one owner, so many waiting. */
export function turns({ most, mostEach, mostWaiting }: { most: number; mostEach: number; mostWaiting: number }): Turns {
  const running = new Map<string, number>()
  const waiting: { owner: string; start: () => void }[] = []
  let count = 0
  const has = (owner: string) => count < most && (running.get(owner) ?? 0) < mostEach
  const take = (owner: string) => {
    count += 1
    running.set(owner, (running.get(owner) ?? 0) + 1)
  }
  const leave = (owner: string) => {
    count -= 1
    const left = (running.get(owner) ?? 1) - 1
    if (left > 0) running.set(owner, left)
    else running.delete(owner)
    const at = waiting.findIndex((one) => has(one.owner))
    const [next] = at < 0 ? [] : waiting.splice(at, 1)
    if (!next) return
    // taken before it starts, or somebody who asks meanwhile would take it too
    take(next.owner)
    next.start()
  }
  return {
    async run(owner, work) {
      if (has(owner)) take(owner)
      else if (waiting.length >= mostWaiting) refuse('TOO_MANY', { retryAfterSeconds: RETRY_SECONDS })
      else await new Promise<void>((start) => waiting.push({ owner, start }))
      try {
        return await work()
      } finally {
        leave(owner)
      }
    },
  }
}
