import { inspect } from 'node:util'

/**
 * How long a test waits for what has to come, in ms: a wait that is over at once costs nothing, and a machine that does
 * other things besides may be many times slower than this one. The tests' own limit (jest.config.cjs) is longer, so
 * that it is the wait which says what did not come.
 */
export const PATIENCE_MS = 45_000

/** Reads again and again until it is as wished, and returns it; throws with what it was last, and `words`. */
export async function until<T>(
  read: () => T | Promise<T>,
  wished: (seen: T) => boolean,
  words: () => string = () => '',
): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  let seen = await read()
  while (!wished(seen)) {
    if (performance.now() > end) throw new Error(`still ${inspect(seen)} ${words()}`.trim())
    await new Promise((done) => setTimeout(done, 20))
    seen = await read()
  }
  return seen
}
