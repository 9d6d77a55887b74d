/** Runs one step of a longer work and says what it is and how long it took. `quick` steps are only said when they were slow. */
export async function step<T>(name: string, work: () => Promise<T>, { quickMs = 0 } = {}): Promise<T> {
  const startedAt = performance.now()
  const took = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  // A long step says so early: silence for a minute looks like a hang.
  const early = setTimeout(() => console.log(`  … ${name}`), 3_000)
  try {
    const result = await work()
    if (performance.now() - startedAt >= quickMs) console.log(`  ✓ ${name} (${took()})`)
    return result
  } catch (error) {
    console.log(`  ✗ ${name} (${took()})`)
    throw error
  } finally {
    clearTimeout(early)
  }
}
