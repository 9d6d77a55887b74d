import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { withFolderLock } from '@huiyuan/prisma/database/folder-lock'
import { buildBff } from '../../bff/build'
import { DATA, PROJECT } from './project'

interface Build {
  name: 'bff' | 'h5' | 'weapp'
  /** Files and folders whose content decides the output, from the project folder. */
  sources: string[]
  /** A file that the finished output holds. */
  result: string
  run: () => Promise<unknown>
}

const PHONE_SOURCES = [
  'miniapp/src',
  'miniapp/config',
  'miniapp/babel.config.js',
  'miniapp/package.json',
  'miniapp/project.config.json',
  'shared/src',
]

const BUILDS: Build[] = [
  {
    name: 'bff',
    sources: [
      'bff/src',
      'bff/build.ts',
      'bff/package.json',
      'shared/src',
      'prisma/schema',
      'prisma/database',
      'prisma/seed',
    ],
    result: 'bff/dist/main.js',
    run: buildBff,
  },
  { name: 'h5', sources: PHONE_SOURCES, result: 'miniapp/dist/h5/index.html', run: () => buildPhone('h5') },
  { name: 'weapp', sources: PHONE_SOURCES, result: 'miniapp/dist/weapp/app.json', run: () => buildPhone('weapp') },
]

/** Where the pages for the browser are built to. */
export const H5_DIST = join(PROJECT, 'miniapp', 'dist', 'h5')

/** Where the mini-program is built to. */
export const WEAPP_DIST = join(PROJECT, 'miniapp', 'dist', 'weapp')

/** The built server, to be run by node. */
export const BFF_MAIN = join(PROJECT, 'bff', 'dist', 'main.js')

/** Builds one output when its sources changed since; returns whether it had to. Throws with the builder's words. */
export async function ensureBuilt(name: Build['name']): Promise<boolean> {
  const build = BUILDS.find((one) => one.name === name) as Build
  const note = join(DATA, 'builds', `${name}.sha256`)
  if (isFresh(build, note)) return false
  return withFolderLock(`${note}.lock`, async () => {
    if (isFresh(build, note)) return false
    const hash = sourceHash(build.sources)
    rmSync(note, { force: true })
    await build.run()
    mkdirSync(dirname(note), { recursive: true })
    writeFileSync(note, hash)
    return true
  })
}

function isFresh({ sources, result }: Build, note: string): boolean {
  if (!existsSync(join(PROJECT, result)) || !existsSync(note)) return false
  return readFileSync(note, 'utf8') === sourceHash(sources)
}

function sourceHash(sources: string[]): string {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', ...sources].flatMap(filesOf)) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(PROJECT, file)))
  }
  return hash.digest('hex')
}

function filesOf(path: string): string[] {
  const stat = statSync(join(PROJECT, path), { throwIfNoEntry: false })
  if (!stat) return []
  if (!stat.isDirectory()) return [path]
  const names = readdirSync(join(PROJECT, path)).sort()
  return names.flatMap((name) => filesOf(join(path, name))).filter((file) => !/\.test\.tsx?$/.test(file))
}

async function buildPhone(target: 'h5' | 'weapp'): Promise<void> {
  const cli = join(PROJECT, 'miniapp', 'node_modules', '@tarojs', 'cli', 'bin', 'taro')
  // The output must depend on the sources alone: BFF_URL is for somebody's own release.
  const { BFF_URL: _, ...inherited } = process.env
  const env = { ...inherited, NODE_ENV: 'production', CI: 'true' }
  const options = { cwd: join(PROJECT, 'miniapp'), env, maxBuffer: 64e6 }
  try {
    await promisify(execFile)(process.execPath, [cli, 'build', '--type', target], options)
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`building ${target} failed:\n${withoutProgress(`${stdout}\n${stderr}`).slice(0, 6000)}`)
  }
}

/** The builder draws its progress anew in every line; what is left are its words. */
function withoutProgress(output: string): string {
  const plain = stripVTControlCharacters(output).split(/\r?\n/)
  return plain.filter((line) => !/^\s*$|Webpack|^\s*\w+Plugin\s*$|即将开始启动编译/.test(line)).join('\n')
}
