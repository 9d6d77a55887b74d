/**
 * The directions of the house. Arrows point at what may be imported:
 *
 *   miniapp ── types only ──▸ bff ──▸ prisma ──▸ shared          test may see everything, nobody sees test
 *   bff:      app-router · server · trpc-http · jobs · main · registry ──▸ nouns ──▸ plumbing (other files of bff/src, wechat/)
 *   nouns:    meet at index.ts only; mall · order · store · campaign ──▸ product · gift · referral · article
 *             ──▸ tier · right · coupon · honour · obligation ──▸ ledger · member · risk · upload
 *   miniapp:  tabs · pages ──▸ join ──▸ ui ──▸ lib; pages never borrow from each other
 */
const BFF_TOP = '^bff/src/(app-router|server|trpc-http|jobs|main|registry)\\.ts$'
const NOUN = '^bff/src/(?!wechat/)[^/]+/'
const noun = (...names) => ({ path: `^bff/src/(${names.join('|')})/` })

const FIRST_FLOOR = ['tier', 'right', 'coupon', 'honour', 'obligation']
const SECOND_FLOOR = ['product', 'gift', 'referral', 'article']
const THIRD_FLOOR = ['mall', 'order', 'store', 'campaign']

/** [name, why, from, to, more] */
const RULES = [
  ['found', 'every import leads somewhere', {}, { couldNotResolve: true }],
  [
    'no-cycles',
    'two files that need each other are one',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ],
  [
    'no-noun-cycles',
    'nouns form a ladder',
    { path: '^bff/src/[^/]+$' },
    { path: '^bff/src/[^/]+$', circular: true, viaOnly: { path: '^bff/src/[^/]+$' } },
    { scope: 'folder' },
  ],
  [
    'nobody-sees-test',
    'tests may see everything, nobody sees them',
    { path: '^(shared|bff|prisma|miniapp)/' },
    { path: '^test/' },
  ],

  [
    'shared-is-pure',
    'rules know no I/O, no clock and no package',
    { path: '^shared/src/' },
    { pathNot: '^shared/src/' },
  ],
  [
    'tables-are-below',
    'the database knows neither server nor phone; only the seed plays on the server',
    { path: '^prisma/', pathNot: '^prisma/seed/' },
    { path: '^(bff|miniapp|prisma/seed)/' },
  ],
  [
    'nobody-needs-the-seed',
    'the demo brand is no part of the product',
    { path: '^(shared|bff|miniapp)/' },
    { path: '^prisma/seed/' },
  ],
  ['bff-never-sees-the-phone', 'the server does not know its screens', { path: '^bff/' }, { path: '^miniapp/' }],

  [
    'plumbing-is-below-nouns',
    'env, db, ctx, trpc and their like serve every noun',
    { path: '^bff/src/([^/]+\\.ts$|wechat/)', pathNot: BFF_TOP },
    { path: NOUN },
  ],
  [
    'nouns-do-not-look-up',
    'a noun gets what it needs in ctx',
    { path: '^bff/src/', pathNot: BFF_TOP },
    { path: BFF_TOP },
  ],
  [
    'nouns-meet-at-the-door',
    'another noun is entered by its index.ts',
    { path: '^bff/src/([^/]+)/' },
    { path: '^bff/src/[^/]+/.+', pathNot: ['^bff/src/$1/', '^bff/src/[^/]+/index\\.ts$'] },
  ],
  [
    'ground-floor',
    'ledger, member, risk and upload know no noun above them',
    noun('ledger', 'member', 'risk', 'upload'),
    noun(...FIRST_FLOOR, ...SECOND_FLOOR, ...THIRD_FLOOR),
  ],
  [
    'first-floor',
    'tier, right, coupon, honour and obligation know no noun above them',
    noun(...FIRST_FLOOR),
    noun(...SECOND_FLOOR, ...THIRD_FLOOR),
  ],
  [
    'second-floor',
    'product, gift, referral and article know no noun above them',
    noun(...SECOND_FLOOR),
    noun(...THIRD_FLOOR),
  ],
  [
    'verbs-do-not-know-trpc',
    'only routers do',
    { path: NOUN, pathNot: '/router\\.ts$' },
    { path: ['@trpc/', '^bff/src/trpc\\.ts$'] },
  ],

  [
    'only-api-sees-the-bff',
    'one file of the phone knows the server',
    { path: '^miniapp/', pathNot: '^miniapp/src/lib/api(\\.ts$|/)' },
    { path: '^bff/' },
  ],
  [
    'and-only-its-types',
    'the phone carries no server code',
    { path: '^miniapp/' },
    { path: '^bff/', dependencyTypesNot: ['type-only'] },
  ],
  [
    'phone-has-no-tables',
    'the phone knows no database, and zod is too heavy for it',
    { path: '^miniapp/' },
    { path: ['^prisma/', 'node_modules/(zod|pg|@prisma)/'] },
  ],
  [
    'pages-do-not-borrow',
    'what two pages share belongs in ui or lib',
    { path: '^miniapp/src/(pages|tabs)/([^/]+)/' },
    { path: '^miniapp/src/(pages|tabs)/', pathNot: '^miniapp/src/$1/$2/' },
  ],
  [
    'ui-is-below-pages',
    'ui takes props and knows no data',
    { path: '^miniapp/src/ui/' },
    { path: '^miniapp/src/(join|pages|tabs)/' },
  ],
  [
    'join-is-below-pages',
    'the sheets of joining serve several pages and know none',
    { path: '^miniapp/src/join/' },
    { path: '^miniapp/src/(pages|tabs)/' },
  ],
  [
    'lib-is-below-ui',
    'lib draws nothing',
    { path: '^miniapp/src/lib/' },
    { path: '^miniapp/src/(join|ui|pages|tabs)/' },
  ],
]

module.exports = {
  forbidden: RULES.map(([name, comment, from, to, more]) => ({ name, comment, severity: 'error', from, to, ...more })),
  options: {
    doNotFollow: { path: 'node_modules' },
    // Tests may see everything, and must not make two nouns look like a cycle.
    exclude: { path: ['(^|/)(dist|generated|\\.data)/', '\\.(test|fixture)\\.tsx?$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.cts', '.mts', '.js', '.cjs', '.mjs', '.json', '.scss', '.css'],
    },
  },
}
