const { join } = require('node:path')
const kinds = require('./test/support/kinds.cjs')

// Packages that ship only ES modules: jest runs CommonJS, so these are transformed too.
const ES_ONLY = [
  'uuid',
  'jose',
  '@noble+hashes',
  '@noble+ciphers',
  ...['ed25519', 'random', 'sha512', 'wipe', 'binary', 'hash', 'int'].map((name) => `@stablelib+${name}`),
  '@tanstack+react-query',
  '@tanstack+query-core',
]

const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', tsx: true },
    transform: { react: { runtime: 'automatic' } },
  },
}
const swcPlain = { ...swc, jsc: { ...swc.jsc, parser: { syntax: 'typescript', tsx: false } } }

// a whole run reads the verbs in parcels: see test/support/together.ts
const TOGETHER = '.data/together'
const testsOf = ({ kind, tests }) =>
  kind === 'verbs' && process.env.VERBS_TOGETHER ? [`${TOGETHER}/*.test.ts`, '!bff/**'] : tests

const folderOf = (glob) => (glob.startsWith(TOGETHER) ? TOGETHER : glob.split('/')[0])

const project = ({ kind, tests }) => ({
  displayName: kind,
  rootDir: __dirname,
  roots: [
    ...new Set([...tests, ...testsOf({ kind, tests })].filter((glob) => !glob.startsWith('!')).map(folderOf)),
  ].map((folder) => join(__dirname, folder)),
  testEnvironment: 'node',
  testMatch: testsOf({ kind, tests }).map((glob) =>
    glob.startsWith('!') ? `!${join(__dirname, glob.slice(1))}` : `<rootDir>/${glob}`,
  ),
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/generated/'],
  modulePathIgnorePatterns: ['/dist/', '/\\.data/(?!together/)'],
  transform: {
    '\\.[jt]sx$': ['@swc/jest', swc],
    '\\.[cm]?[jt]s$': ['@swc/jest', swcPlain],
  },
  transformIgnorePatterns: [`/node_modules/\\.pnpm/(?!(?:${ES_ONLY.join('|').replaceAll('+', '\\+')})@)`],
})

module.exports = {
  projects: kinds.map(project),
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  // longer than any wait within a test: see test/support/patience.ts
  testTimeout: 180_000,
  reporters: ['default', '<rootDir>/test/support/kind-reporter.cjs'],
}
