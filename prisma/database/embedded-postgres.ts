import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withFolderLock } from './folder-lock'
import { freePort, isPortFree } from './ports'
import {
  executable,
  postgresBinaries,
  reachable,
  type ServerAccount,
  serverAccount,
  serverEnvironment,
} from './postgres-binaries'
import { processCommand, processIdentity } from './process-identity'

const run = promisify(execFile)
const DATA_VERSION = '18'
const READY_SECONDS = 60

export interface PostgresServer {
  port: number
  /** Where the data lies: the folder asked for, or a place under /var/lib when root's server may not walk there. */
  folder: string
  /** False when the server was already running and is shared with whoever started it. */
  started: boolean
  /** The connection string of one of its databases, as superuser. */
  url: (database: string) => string
  /** Stops the server, whoever started it. Connections are closed, nothing that was committed is lost. */
  stop: () => Promise<void>
}

export interface PostgresOptions {
  /** The data folder; made at the first start. */
  folder: string
  /** False only for servers that are thrown away: the disk is not waited for. */
  durable?: boolean
  /** PostgreSQL settings by name, e.g. `{ max_connections: 300 }`; they hold until the server stops. */
  settings?: Record<string, string | number>
}

interface Notes {
  password: string
  port: number
}

/**
 * Starts the private PostgreSQL of this project from the binaries npm installed, or joins the one that runs.
 * It outlives the caller (also Ctrl-C and kill -9) until `stop`; several callers at once are safe.
 */
export async function startPostgres({
  folder,
  durable = true,
  settings = {},
}: PostgresOptions): Promise<PostgresServer> {
  const account = serverAccount()
  const data = dataFolder(folder, account)
  const home = dirname(data)
  mkdirSync(home, { recursive: true })
  return withFolderLock(`${data}.lock`, async () => {
    const cluster = { account, data, binaries: postgresBinaries(home, account) }
    if (!existsSync(join(data, 'PG_VERSION'))) await createCluster(cluster, durable)
    requireVersion(data)
    const running = await findRunning(data)
    if (running) return describe(cluster, running, false)
    return describe(cluster, await launch(cluster, durable, settings), true)
  })
}

/** Root's server cannot walk into a closed folder such as /root; its data then goes to a lasting place named after the project. */
function dataFolder(folder: string, account: ServerAccount): string {
  const wanted = resolve(folder)
  if (reachable(dirname(wanted), account)) return wanted
  const name = createHash('sha256').update(dirname(wanted)).digest('hex').slice(0, 8)
  return join('/var/lib', `huiyuan-${name}`, basename(wanted))
}

interface Cluster {
  account: ServerAccount
  data: string
  binaries: string
}

function runAs({ account, binaries, data }: Cluster, name: string, args: string[]): Promise<unknown> {
  const cwd = account.uid === undefined ? dirname(data) : '/'
  return run(executable(binaries, name), args, { ...account, cwd, env: serverEnvironment() })
}

async function createCluster(cluster: Cluster, durable: boolean): Promise<void> {
  const { account, data } = cluster
  // Made beside its place and renamed when whole, so that a start that was killed leaves no half database.
  const fresh = `${data}.new`
  const secret = `${data}.password`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  const password = randomBytes(18).toString('base64url')
  writeFileSync(secret, password, { mode: 0o600 })
  giveTo(account, fresh, secret)
  try {
    // one that is thrown away is not asked whether its disk lies, nor how long its password would hold out
    const wait = durable ? [] : ['--no-sync', '--no-data-checksums', '--set', 'scram_iterations=1']
    const auth = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secret}`]
    await runAs(cluster, 'initdb', ['-D', fresh, '-E', 'UTF8', '--locale=C', ...auth, ...wait])
    writeNotes(fresh, account, { password, port: 0 })
    renameSync(fresh, data)
  } finally {
    rmSync(secret, { force: true })
  }
}

function giveTo(account: ServerAccount, ...paths: string[]): void {
  const { uid, gid } = account
  if (uid === undefined || gid === undefined) return
  for (const path of paths) chownSync(path, uid, gid)
}

function requireVersion(data: string): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  if (found === DATA_VERSION) return
  throw new Error(
    `${data} was written by PostgreSQL ${found}, this is ${DATA_VERSION}: move the folder away, or dump and restore it`,
  )
}

async function launch(cluster: Cluster, durable: boolean, settings: Record<string, string | number>): Promise<Notes> {
  const { account, data } = cluster
  const notes = readNotes(data)
  const port = await freePort(notes.port)
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings,
  }
  const flags = Object.entries(all).map(([name, value]) => `-c ${name}=${quoted(String(value))}`)
  const log = join(data, 'server.log')
  disownDeadServer(data)
  writeNotes(data, account, { ...notes, port })
  const start = ['start', '-D', data, '-o', flags.join(' '), '-l', log, '-w', '-t', String(READY_SECONDS)]
  for (const deadline = Date.now() + READY_SECONDS * 1000; ; ) {
    try {
      await runAs(cluster, 'pg_ctl', start)
      return { ...notes, port }
    } catch (error) {
      const words = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-12).join('\n') : String(error)
      // After kill -9 of the main process its children need a moment to notice and let go of the memory.
      if (!words.includes('still in use') || Date.now() > deadline)
        throw new Error(`PostgreSQL did not start:\n${words}`)
      await sleep(250)
    }
  }
}

function quoted(value: string): string {
  if (!/^[\w .,:/-]*$/.test(value)) throw new Error(`a PostgreSQL setting may not be ${JSON.stringify(value)}`)
  return process.platform === 'win32' ? `"${value}"` : `'${value}'`
}

/**
 * PostgreSQL takes any living process with the pid of its last run for itself and refuses to start.
 * When that process is another one (pids recur in containers), the note gets a pid nobody has:
 * PostgreSQL then makes its own check that no orphan still uses the data, which deleting the file would skip.
 */
function disownDeadServer(data: string): void {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const lines = readFileSync(file, 'utf8').split('\n')
  lines[0] = '999999999'
  writeFileSync(file, lines.join('\n'))
}

async function findRunning(data: string): Promise<Notes | null> {
  for (const deadline = Date.now() + READY_SECONDS * 1000; Date.now() < deadline; await sleep(100)) {
    const file = join(data, 'postmaster.pid')
    if (!existsSync(file)) return null
    const lines = readFileSync(file, 'utf8').split('\n')
    if (!isServerOf(data, Number(lines[0]))) return null
    const port = Number(lines[3])
    if (lines[7]?.trim() === 'ready' && !(await isPortFree(port))) return { ...readNotes(data), port }
  }
  throw new Error(`a PostgreSQL on ${data} is running but does not become ready`)
}

function isServerOf(data: string, pid: number): boolean {
  if (processIdentity(pid) === null) return false
  const command = processCommand(pid)
  return command === null ? process.platform === 'win32' : command.includes(data)
}

function describe(cluster: Cluster, { password, port }: Notes, started: boolean): PostgresServer {
  return {
    port,
    folder: cluster.data,
    started,
    url: (database) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`,
    stop: () => stopCluster(cluster),
  }
}

/** Stops the server of a data folder, if one runs, and removes the data. For servers whose starter was killed. */
export async function discardPostgres(folder: string): Promise<void> {
  const account = serverAccount()
  const data = dataFolder(folder, account)
  await stopCluster({ account, data, binaries: postgresBinaries(dirname(data), account) })
  rmSync(data, { recursive: true, force: true })
}

async function stopCluster(cluster: Cluster): Promise<void> {
  if (!isServerOf(cluster.data, serverPid(cluster.data))) return
  const stop = ['stop', '-D', cluster.data, '-m', 'fast', '-w', '-t', String(READY_SECONDS)]
  await runAs(cluster, 'pg_ctl', stop)
}

function serverPid(data: string): number {
  const file = join(data, 'postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0
}

function readNotes(data: string): Notes {
  return JSON.parse(readFileSync(join(data, 'huiyuan.json'), 'utf8')) as Notes
}

function writeNotes(data: string, account: ServerAccount, notes: Notes): void {
  const file = join(data, 'huiyuan.json')
  writeFileSync(file, JSON.stringify(notes), { mode: 0o600 })
  giveTo(account, file)
}
