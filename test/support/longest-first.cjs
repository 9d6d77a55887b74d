const { statSync } = require('node:fs')
const kinds = require('./kinds.cjs')

const slowness = ({ context }) => kinds.findIndex(({ kind }) => kind === context.config.displayName?.name)

/**
 * The order of test files for jest, the same on every machine: the slow kinds first, so that no worker is left alone with
 * a long file at the end; within a kind the longest file first.
 */
module.exports = class LongestFirst {
  sort(tests) {
    const sized = tests.map((test) => ({ test, size: statSync(test.path).size }))
    sized.sort((a, b) => slowness(b.test) - slowness(a.test) || b.size - a.size)
    return sized.map(({ test }) => test)
  }

  shard(tests) {
    return tests
  }

  allFailedTests(tests) {
    return tests
  }

  cacheResults() {}
}
