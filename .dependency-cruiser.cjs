/**
 * The directions of the house. Arrows point at what may be imported:
 *
 *   miniapp ── types only ──▸ bff ──▸ prisma ──▸ shared          test may see everything, nobody sees test
 *   bff:      app-router · server · trpc-http · jobs · main · registry ──▸ nouns ──▸ plumbing (the other files of bff/src, wechat/)
 *   nouns:    meet at index.ts only; mall · order · store ──▸ gift · referral ──▸ tier · right · coupon · obligation ──▸ ledger · member
 *   miniapp:  tabs · pages ──▸ ui ──▸ lib; pages never borrow from each other
 */
const TEST = '\\.(test|fixture)\\.tsx?$'
const BFF_TOP = '^bff/src/(app-router|server|trpc-http|jobs|main|registry)\\.ts$'
const NOUN = '^bff/src/(?!wechat/)[^/]+/'
const noun = (...names) => `^bff/src/(${names.join('|')})/`

const forbid = (name, comment, from, to, more = {}) => ({ name, comment, severity: 'error', from, to, ...more })
const code = (path) => ({ path, pathNot: TEST })

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'two files that need each other are one',
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
    forbid(
      'no-noun-cycles',
      'nouns form a ladder',
      { path: '^bff/src/[^/]+$' },
      { path: '^bff/src/[^/]+$', circular: true },
      {
        scope: 'folder',
      },
    ),
    forbid('found', 'every import leads somewhere', {}, { couldNotResolve: true }),
    forbid(
      'nobody-sees-test',
      'tests may see everything, nobody sees them',
      {
        path: '^(shared|bff|prisma|miniapp)/',
        pathNot: TEST,
      },
      { path: '^test/' },
    ),

    forbid('shared-is-pure', 'rules know no I/O, no clock and no package', code('^shared/src/'), {
      pathNot: '^shared/src/',
    }),
    forbid(
      'tables-are-below',
      'the database knows neither server nor phone; only the seed plays on the server',
      { path: '^prisma/', pathNot: [TEST, '^prisma/seed/'] },
      { path: '^(bff|miniapp|prisma/seed)/' },
    ),
    forbid('nobody-needs-the-seed', 'the demo brand is no part of the product', code('^(shared|bff|miniapp)/'), {
      path: '^prisma/seed/',
    }),
    forbid(
      'bff-never-sees-the-phone',
      'the server does not know its screens',
      { path: '^bff/' },
      { path: '^miniapp/' },
    ),

    forbid(
      'plumbing-is-below-nouns',
      'env, db, ctx, trpc and their like serve every noun',
      {
        path: '^bff/src/([^/]+\\.ts$|wechat/)',
        pathNot: [TEST, BFF_TOP],
      },
      { path: NOUN },
    ),
    forbid(
      'nouns-do-not-look-up',
      'a noun gets what it needs in ctx',
      { path: '^bff/src/', pathNot: [TEST, BFF_TOP] },
      { path: BFF_TOP },
    ),
    forbid('nouns-meet-at-the-door', 'another noun is entered by its index.ts', code('^bff/src/([^/]+)/'), {
      path: '^bff/src/[^/]+/.+',
      pathNot: ['^bff/src/$1/', '^bff/src/[^/]+/index\\.ts$'],
    }),
    forbid('ground-floor', 'ledger and member know no noun above them', code(noun('ledger', 'member')), {
      path: noun('tier', 'right', 'coupon', 'obligation', 'gift', 'referral', 'mall', 'order', 'store'),
    }),
    forbid(
      'first-floor',
      'tier, right, coupon and obligation know no noun above them',
      code(noun('tier', 'right', 'coupon', 'obligation')),
      { path: noun('gift', 'referral', 'mall', 'order', 'store') },
    ),
    forbid('second-floor', 'gift and referral know no noun above them', code(noun('gift', 'referral')), {
      path: noun('mall', 'order', 'store'),
    }),
    forbid(
      'verbs-do-not-know-trpc',
      'only routers do',
      {
        path: NOUN,
        pathNot: [TEST, '/router\\.ts$'],
      },
      { path: ['@trpc/', '^bff/src/trpc\\.ts$'] },
    ),

    forbid(
      'only-api-sees-the-bff',
      'one file of the phone knows the server',
      {
        path: '^miniapp/',
        pathNot: [TEST, '^miniapp/src/lib/api(\\.ts$|/)'],
      },
      { path: '^bff/' },
    ),
    forbid(
      'and-only-its-types',
      'the phone carries no server code',
      { path: '^miniapp/' },
      {
        path: '^bff/',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'phone-has-no-tables',
      'the phone knows no database',
      { path: '^miniapp/' },
      {
        path: ['^prisma/', 'node_modules/(zod|pg|@prisma)/'],
      },
    ),
    forbid(
      'pages-do-not-borrow',
      'what two pages share belongs in ui or lib',
      code('^miniapp/src/(pages|tabs)/([^/]+)/'),
      {
        path: '^miniapp/src/(pages|tabs)/',
        pathNot: '^miniapp/src/$1/$2/',
      },
    ),
    forbid('ui-is-below-pages', 'ui takes props and knows no data', code('^miniapp/src/ui/'), {
      path: '^miniapp/src/(pages|tabs)/',
    }),
    forbid('lib-is-below-ui', 'lib draws nothing', code('^miniapp/src/lib/'), {
      path: '^miniapp/src/(ui|pages|tabs)/',
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|generated|\\.data)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.cts', '.mts', '.js', '.cjs', '.mjs', '.json', '.scss', '.css'],
    },
  },
}
