const { writeFileSync } = require('node:fs')

/** A jest reporter that leaves the count of each kind in the file named by KIND_COUNTS, for the runner's last lines. */
module.exports = class KindReporter {
  onRunComplete(_contexts, results) {
    if (!process.env.KIND_COUNTS) return
    const counts = {}
    for (const file of results.testResults) {
      const kind = file.displayName?.name ?? 'other'
      counts[kind] ??= { files: 0, passed: 0, failed: 0, skipped: 0, milliseconds: 0 }
      const count = counts[kind]
      count.files += 1
      count.passed += file.numPassingTests
      count.skipped += file.numPendingTests + file.numTodoTests
      // A file that could not even be loaded holds no failed test, yet it failed.
      count.failed += file.numFailingTests || (file.testExecError ? 1 : 0)
      count.milliseconds += file.perfStats.runtime
    }
    writeFileSync(process.env.KIND_COUNTS, JSON.stringify(counts))
  }
}
