/**
 * A property that begins no new run once its time is over, and finishes the one it is in. fast-check's own limit leaves the
 * running one behind, which then meets a closed database.
 */
export function whileTime<Of extends unknown[]>(
  ms: number,
  check: (...of: Of) => Promise<unknown>,
): (...of: Of) => Promise<void> {
  const end = Date.now() + ms
  return async (...of) => {
    if (Date.now() < end) await check(...of)
  }
}
