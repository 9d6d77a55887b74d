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
  const end = Date.now() + ms
  return async (...of) => {
    if (Date.now() < end || !enough()) await check(...of)
  }
}
