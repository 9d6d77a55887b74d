import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import { DATA, PROJECT } from '../support/project'

const GRACE_MS = 12_000
const RESTARTS_PER_MINUTE = 5

interface Entry {
  name: string
  pid: number
  identity: string
}

export interface ChildSpec {
  name: string
  args: string[]
  env: Record<string, string>
}

/**
 * The processes of one demo. They are written down, so that a demo whose starter was killed is ended by the next start;
 * a child that dies is started again.
 */
export class Processes {
  readonly #folder: string
  readonly #children = new Map<string, ChildProcess>()
  readonly #lost = new Set<string>()
  #stopping = false

  /** `folder` keeps the list of the processes and what they print. */
  constructor(folder = join(DATA, 'demo')) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** Where a child's output goes. */
  logOf(name: string): string {
    return join(this.#folder, `${name}.log`)
  }

  /** Ends what an earlier demo left running, including the earlier demo itself, and takes its place. */
  async claim(): Promise<boolean> {
    const former = readBook(this.#book).filter(
      ({ pid, identity }) => pid !== process.pid && processIdentity(pid) === identity,
    )
    for (const { pid } of former) signal(pid, 'SIGTERM')
    for (const deadline = Date.now() + GRACE_MS; former.some(isAlive) && Date.now() < deadline; ) await sleep(100)
    for (const entry of former.filter(isAlive)) signal(entry.pid, 'SIGKILL')
    this.#write()
    return former.length > 0
  }

  /** Starts a child that is started again whenever it dies, until `stop` or `end`. */
  start(spec: ChildSpec): void {
    const recent: number[] = []
    writeFileSync(this.logOf(spec.name), '')
    const begin = () => {
      const child = this.#spawn(spec)
      child.once('exit', (code, by) => {
        if (this.#children.get(spec.name) !== child) return
        this.#children.delete(spec.name)
        if (this.#stopping) return
        recent.push(Date.now())
        while ((recent[0] ?? 0) < Date.now() - 60_000) recent.shift()
        const words = `the ${spec.name} ended (${by ?? code}), see ${this.logOf(spec.name)}`
        if (recent.length > RESTARTS_PER_MINUTE) {
          this.#lost.add(spec.name)
          return console.error(`  ✗ ${words}; giving up`)
        }
        console.log(`  … ${words}; starting it again`)
        setTimeout(() => this.#stopping || begin(), 500)
      })
    }
    begin()
  }

  /** A child that died so often that it was given up, with its last words; null while all goes well. */
  findLost(): string | null {
    const [name] = this.#lost
    if (!name) return null
    return `the ${name} does not live:\n${readFileSync(this.logOf(name), 'utf8').trim().split('\n').slice(-15).join('\n')}`
  }

  /** Ends one child for good. */
  async end(name: string): Promise<void> {
    const child = this.#children.get(name)
    this.#children.delete(name)
    if (child) await endChild(child)
    this.#write()
  }

  /** Ends all children and forgets them. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all([...this.#children.values()].map(endChild))
    rmSync(this.#book, { force: true })
  }

  #spawn({ name, args, env }: ChildSpec): ChildProcess {
    const log = openSync(this.logOf(name), 'a')
    const child = spawn(process.execPath, args, {
      cwd: PROJECT,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    this.#children.set(name, child)
    this.#write()
    return child
  }

  #write(): void {
    const pids: [string, number | undefined][] = [['demo', process.pid]]
    for (const [name, { pid }] of this.#children) pids.push([name, pid])
    const entries = pids.flatMap(([name, pid]) => {
      const identity = pid ? processIdentity(pid) : null
      return pid && identity ? [{ name, pid, identity }] : []
    })
    writeFileSync(this.#book, JSON.stringify(entries))
  }

  get #book(): string {
    return join(this.#folder, 'processes.json')
  }
}

const isAlive = ({ pid, identity }: Entry) => processIdentity(pid) === identity

function readBook(file: string): Entry[] {
  if (!existsSync(file)) return []
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry[]
  } catch {
    // Killed while it was being written.
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in the meantime.
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  await ended
  clearTimeout(force)
}
