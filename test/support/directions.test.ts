import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PROJECT } from './project'

/** A small house that obeys. */
const HOUSE = {
  'shared/src/money.ts': 'export const yuan = 100',
  'shared/src/tier.ts': "import { yuan } from './money'\nexport const tier = yuan",
  'prisma/database/migrate.ts': 'export const migrate = 1',
  'prisma/seed/demo-brand.ts': "import { db } from '../../bff/src/db'\nexport const seed = db",
  'bff/src/db.ts': "import { migrate } from '../../prisma/database/migrate'\nexport const db = migrate",
  'bff/src/trpc.ts': 'export const trpc = 1',
  'bff/src/wechat/index.ts': 'export const wechat = 1',
  'bff/src/env.ts': "import { wechat } from './wechat'\nexport const env = wechat",
  'bff/src/app-router.ts':
    "import { orderRouter } from './order/router'\nexport type AppRouter = typeof orderRouter\nexport const appRouter = orderRouter",
  'bff/src/ledger/post.ts': "import { db } from '../db'\nexport const post = db",
  'bff/src/ledger/index.ts': "export { post } from './post'",
  'bff/src/tier/index.ts': "import { post } from '../ledger'\nexport const lift = post",
  'bff/src/gift/index.ts': "import { lift } from '../tier'\nexport const gift = lift",
  'bff/src/order/settle.ts':
    "import { post } from '../ledger'\nimport { gift } from '../gift'\nexport const settle = [post, gift]",
  'bff/src/order/router.ts':
    "import { trpc } from '../trpc'\nimport { settle } from './settle'\nexport const orderRouter = [trpc, settle]",
  'miniapp/src/lib/api.ts': "import type { AppRouter } from '../../../bff/src/app-router'\nexport type Api = AppRouter",
  'miniapp/src/ui/card.ts': "import type { Api } from '../lib/api'\nexport type Card = Api",
  'miniapp/src/tabs/home/home.ts': "import type { Card } from '../../ui/card'\nexport type Home = Card",
  'miniapp/src/pages/member/me.ts': "import type { Card } from '../../ui/card'\nexport type Me = Card",
  'test/support/project.ts': "import { settle } from '../../bff/src/order/settle'\nexport const project = settle",
}

/** Each rule, the file that breaks it, and how. All are planted in one house. */
const PLANTED: [string, string, string][] = [
  ['no-cycles', 'shared/src/egg.ts', "import { hen } from './hen'\nexport const egg = hen"],
  ['no-noun-cycles', 'bff/src/audit/index.ts', "import { note } from '../visit'\nexport const audit = note"],
  ['no-noun-cycles', 'bff/src/visit/index.ts', "import { audit } from '../audit'\nexport const note = audit"],
  ['found', 'shared/src/lost.ts', "import { gone } from './gone'\nexport const lost = gone"],
  ['nobody-sees-test', 'bff/src/keys.ts', "export { project } from '../../test/support/project'"],
  ['shared-is-pure', 'shared/src/disk.ts', "export { readFileSync } from 'node:fs'"],
  ['tables-are-below', 'prisma/database/serve.ts', "export { env } from '../../bff/src/env'"],
  ['nobody-needs-the-seed', 'bff/src/brand.ts', "export { seed } from '../../prisma/seed/demo-brand'"],
  ['bff-never-sees-the-phone', 'bff/src/screen.ts', "export type { Api } from '../../miniapp/src/lib/api'"],
  ['plumbing-is-below-nouns', 'bff/src/refusal.ts', "export { lift } from './tier'"],
  ['nouns-do-not-look-up', 'bff/src/order/route.ts', "export type { AppRouter } from '../app-router'"],
  ['nouns-meet-at-the-door', 'bff/src/order/window.ts', "export { post } from '../ledger/post'"],
  ['ground-floor', 'bff/src/ledger/give.ts', "export { gift } from '../gift'"],
  ['first-floor', 'bff/src/tier/give.ts', "export { gift } from '../gift'"],
  ['second-floor', 'bff/src/gift/buy.ts', "export { settle } from '../order/settle'"],
  ['verbs-do-not-know-trpc', 'bff/src/order/refund.ts', "export { trpc } from '../trpc'"],
  ['only-api-sees-the-bff', 'miniapp/src/ui/row.ts', "export type { AppRouter } from '../../../bff/src/app-router'"],
  ['and-only-its-types', 'miniapp/src/lib/api/call.ts', "export { appRouter } from '../../../../bff/src/app-router'"],
  ['phone-has-no-tables', 'miniapp/src/lib/store.ts', "export { migrate } from '../../../prisma/database/migrate'"],
  ['pages-do-not-borrow', 'miniapp/src/pages/member/borrow.ts', "export type { Home } from '../../tabs/home/home'"],
  ['ui-is-below-pages', 'miniapp/src/ui/sheet.ts', "export type { Me } from '../pages/member/me'"],
  ['join-is-below-pages', 'miniapp/src/join/agree.ts', "export type { Me } from '../pages/member/me'"],
  ['lib-is-below-ui', 'miniapp/src/lib/draw.ts', "export type { Card } from '../ui/card'"],
]

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'huiyuan-house-'))
  cpSync(join(PROJECT, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'))
  cpSync(join(PROJECT, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function put(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), `${text}\n`)
}

/** What is found, as `rule: file`; of folders, the folder. */
function findings(): string[] {
  const cli = join(PROJECT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')
  const rooms = ['shared', 'bff', 'prisma', 'miniapp', 'test']
  const args = [cli, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...rooms]
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, maxBuffer: 64e6 })
  const { summary } = JSON.parse(String(stdout)) as {
    summary: { violations: { rule: { name: string }; from: string }[] }
  }
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)
}

let planted: string[]

beforeAll(() => {
  for (const [file, text] of Object.entries(HOUSE)) put(file, text)
})

test('a house that obeys is left alone', () => {
  expect(findings()).toEqual([])
})

describe('in a house where every rule is broken', () => {
  beforeAll(() => {
    for (const [, file, text] of PLANTED) put(file, text)
    // A cycle is reported once, for one of its files.
    put('shared/src/hen.ts', "import { egg } from './egg'\nexport const hen = egg")
    planted = findings()
  })

  test.each(PLANTED)('%s finds %s', (rule, file) => {
    expect(planted).toContain(`${rule}: ${rule === 'no-noun-cycles' ? dirname(file) : file}`)
  })

  test('no rule is without a planted case', () => {
    const config = jest.requireActual<{ forbidden: { name: string }[] }>('../../.dependency-cruiser.cjs')
    const rules = new Set(PLANTED.map(([rule]) => rule))
    expect(config.forbidden.map(({ name }) => name).sort()).toEqual([...rules].sort())
  })
})
