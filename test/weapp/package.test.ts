import { WEAPP_DIST } from '../support/builds'
import { packageSizes, readProgram } from './runtime/program'
import { checkWxss, compileWxml } from './runtime/view-layer'
import { describeWithWcc } from './wcc.fixture'

const KB = 1024
const program = readProgram(WEAPP_DIST)

describe('the packages that go to WeChat', () => {
  test('are small: main ≤ 700 KB, all ≤ 1.5 MB', () => {
    const { packages, all } = packageSizes(program)
    const kb = Object.fromEntries(
      Object.entries(packages).map(([root, bytes]) => [root || 'main', Math.round(bytes / KB)]),
    )
    console.info(`weapp packages in KB: ${JSON.stringify({ ...kb, all: Math.round(all / KB) })}`)
    expect(packages['']).toBeLessThanOrEqual(700 * KB)
    expect(all).toBeLessThanOrEqual(1536 * KB)
  })

  test('have the tabs in the main package and every page complete', () => {
    const tabs = program.app.tabBar?.list.map(({ pagePath }) => pagePath) ?? []
    expect(tabs.length).toBeGreaterThanOrEqual(2)
    expect(tabs.length).toBeLessThanOrEqual(5)
    expect(tabs.filter((path) => !program.app.pages.includes(path))).toEqual([])
    for (const { path } of program.pages) {
      const missing = ['js', 'json', 'wxml'].filter((kind) => !program.exists(`${path}.${kind}`))
      expect({ path, missing }).toEqual({ path, missing: [] })
    }
  })

  test('preload and name only what is there', () => {
    const rules = (program.app as { preloadRule?: Record<string, { packages: string[] }> }).preloadRule ?? {}
    const roots = program.pages.map(({ root }) => root)
    const unknown = Object.entries(rules).flatMap(([page, { packages }]) => [
      ...(program.findPage(page) ? [] : [page]),
      ...packages.filter((root) => !roots.includes(root)),
    ])
    expect(unknown).toEqual([])
    for (const { iconPath, selectedIconPath } of program.app.tabBar?.list ?? []) {
      for (const icon of [iconPath, selectedIconPath]) if (icon) expect(program.exists(icon)).toBe(true)
    }
  })

  test('carry no code for anything but a phone', () => {
    const odd = program.files().filter((file) => /\.(map|tsx?|test\.js)$/.test(file))
    expect(odd).toEqual([])
  })
})

describe('the colours of light and dark', () => {
  test('have both values for every name that app.json and the pages use', () => {
    if (!program.app.darkmode) return
    const theme = JSON.parse(program.read(program.app.themeLocation ?? 'theme.json')) as Record<string, object>
    const jsons = ['app.json', ...program.pages.map(({ path }) => `${path}.json`)].map(program.read).join('\n')
    const used = [...new Set([...jsons.matchAll(/"@(\w+)"/g)].map((match) => match[1] as string))]
    expect(used.length).toBeGreaterThan(0)
    for (const side of ['light', 'dark']) expect(Object.keys(theme[side] ?? {})).toEqual(expect.arrayContaining(used))
  })
})

describeWithWcc('WeChat’s own compilers', () => {
  test('take the WXML', () => expect(compileWxml(program)).toContain('$gwx'))

  test('take the WXSS', () =>
    checkWxss(
      program,
      program.files().filter((file) => file.endsWith('.wxss')),
    ))
})

describe('a screen reader', () => {
  test('is told in WeChat what the pages say: the templates carry its attributes', () => {
    const templates = program.read('base.wxml')
    for (const name of ['aria-label', 'aria-role', 'aria-hidden', 'aria-checked'])
      expect(templates).toContain(`${name}="`)
  })
})
