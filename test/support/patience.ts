/**
 * How long a test waits for what has to come, in ms: a wait that is over at once costs nothing, and a machine that does
 * other things besides may be many times slower than this one. The tests' own limit (jest.config.cjs) is longer, so
 * that it is the wait which says what did not come.
 */
export const PATIENCE_MS = 45_000
