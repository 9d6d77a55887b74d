/** DICE=5 throws the dice five times as often as a run of all tests has time for. */
const OFTEN = Number(process.env.DICE ?? 1)
const LONGEST_MS = 120_000

/** How often to try a property that needs the database: so many times in a run of all tests. */
export const throws = (times: number): number => Math.ceil(times * OFTEN)

/**
 * A property that begins no new run once its time is over, and finishes the one it is in. fast-check's own limit leaves the
 * running one behind, which then meets a closed database. It goes on after its time as long as it has not seen `enough`:
 * a slow machine makes few runs, and what the dice must have met may not have come up yet.
 */
export function whileTime<Of extends unknown[]>(
  ms: number,
  check: (...of: Of) => Promise<unknown>,
  enough: () => boolean = () => true,
): (...of: Of) => Promise<void> {
  const end = Date.now() + Math.min(ms * OFTEN, LONGEST_MS)
  return async (...of) => {
    if (Date.now() < end || !enough()) await check(...of)
  }
}
