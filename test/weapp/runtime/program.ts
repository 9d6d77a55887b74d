import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'

interface TabItem {
  pagePath: string
  text: string
  iconPath?: string
  selectedIconPath?: string
}

/** What the harness reads of app.json. */
export interface AppJson {
  pages: string[]
  entryPagePath?: string
  subPackages?: { root: string; pages: string[]; independent?: boolean }[]
  subpackages?: { root: string; pages: string[]; independent?: boolean }[]
  tabBar?: { custom?: boolean; list: TabItem[] }
  window?: Record<string, unknown>
  lazyCodeLoading?: string
  darkmode?: boolean
  themeLocation?: string
  requiredPrivateInfos?: string[]
}

/** One page of the mini-program. `root` is the folder of its package, '' for the main package. */
export interface ProgramPage {
  path: string
  root: string
  tab: boolean
}

/** A built mini-program on disk. Paths are POSIX, from the folder of app.json, without extension where WeChat has none. */
export interface Program {
  dist: string
  app: AppJson
  pages: ProgramPage[]
  entry: string
  findPage(path: string): ProgramPage | null
  /** The root of the package a file lies in, '' for the main package. */
  packageOf(path: string): string
  /** A page's or component's own json; {} when it has none. */
  json(path: string): Record<string, unknown>
  /** Tag → path of the component it stands for, in that page's or component's WXML. */
  components(path: string): Record<string, string>
  read(path: string): string
  exists(path: string): boolean
  /** All files of the program. */
  files(): string[]
}

/** Reads the output of a build. Throws when there is no app.json. */
export function readProgram(dist: string): Program {
  const read = (path: string) => readFileSync(join(dist, path), 'utf8')
  const exists = (path: string) => existsSync(join(dist, path))
  const app = JSON.parse(read('app.json')) as AppJson
  const packages = app.subPackages ?? app.subpackages ?? []
  const tabs = new Set(app.tabBar?.list.map((item) => item.pagePath))
  const roots = packages.map(({ root }) => root.replace(/\/$/, ''))
  const pages = [
    ...app.pages.map((path) => ({ path, root: '', tab: tabs.has(path) })),
    ...packages.flatMap(({ pages: own }, i) =>
      own.map((page) => ({ path: posix.join(roots[i] as string, page), root: roots[i] as string, tab: false })),
    ),
  ]
  const jsons = new Map<string, Record<string, unknown>>()
  const json = (path: string): Record<string, unknown> => {
    const known = jsons.get(path)
    if (known) return known
    const found = exists(`${path}.json`) ? (JSON.parse(read(`${path}.json`)) as Record<string, unknown>) : {}
    jsons.set(path, found)
    return found
  }
  const program: Program = {
    dist,
    app,
    pages,
    entry: app.entryPagePath ?? (app.pages[0] as string),
    findPage: (path) => pages.find((page) => page.path === path) ?? null,
    packageOf: (path) => roots.find((root) => path.startsWith(`${root}/`)) ?? '',
    json,
    components(path) {
      const using = (json(path).usingComponents ?? {}) as Record<string, string>
      return Object.fromEntries(
        Object.entries(using).map(([tag, at]) => [
          tag,
          at.startsWith('/') ? at.slice(1) : posix.join(posix.dirname(path), at),
        ]),
      )
    },
    read,
    exists,
    files: () => filesBelow(dist).map((file) => relative(dist, file).split(sep).join('/')),
  }
  return program
}

/** Bytes of each package as WeChat would upload it ('' is the main package), and of all together. */
export function packageSizes(program: Program): { packages: Record<string, number>; all: number } {
  const packages: Record<string, number> = { '': 0 }
  for (const path of program.files()) {
    // Tools' settings, source maps and licence notes stay at home.
    if (/^project\.[\w.]*json$|\.map$|\.LICENSE\.txt$/.test(path)) continue
    const root = program.packageOf(path)
    packages[root] = (packages[root] ?? 0) + statSync(join(program.dist, path)).size
  }
  return { packages, all: Object.values(packages).reduce((sum, bytes) => sum + bytes, 0) }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  )
}
