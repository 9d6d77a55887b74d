import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseName } from '@huiyuan/prisma/database/databases'
import { BFF_MAIN } from '../support/builds'
import { PROJECT } from '../support/project'
import { houseEnv } from '../support/running-house'
import type { Crowd } from './crowd'
import type { Ground } from './ground'
import type { Task } from './http-client'
import type { Run } from './rounds'

const HERE = join(PROJECT, 'test', 'bench')
/** Nobody answers there: no call of the bench goes to WeChat. */
const NO_WECHAT = 'http://127.0.0.1:9'

export interface ServerProcess {
  url: string
  child: ChildProcess
  stop: () => Promise<unknown>
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve))

const stopper = (child: ChildProcess) => () => {
  const gone = child.exitCode === null && child.signalCode === null ? ended(child) : Promise.resolve()
  child.kill('SIGTERM')
  return gone
}

/** The built server as in production: its log, a line a request, goes to a file. */
export async function startServer({
  url,
  masterKey,
  folder,
}: Pick<Ground, 'url' | 'masterKey' | 'folder'>): Promise<ServerProcess> {
  const file = join(folder, `${databaseName(url)}.log`)
  const log = openSync(file, 'w')
  const env = {
    ...houseEnv(url, NO_WECHAT, masterKey),
    NODE_ENV: 'production',
    WECHAT_ALLOW_OTHER_BASE: 'yes',
    REQUESTS_PER_MINUTE: '1000000000',
  }
  const child = spawn(process.execPath, ['--enable-source-maps', BFF_MAIN], { env, stdio: ['ignore', log, log] })
  closeSync(log)
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const port = /"port":(\d+),"msg":"listening"/.exec(readFileSync(file, 'utf8'))?.[1]
    if (port) return { url: `http://127.0.0.1:${port}`, child, stop: stopper(child) }
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the server did not start:\n${readFileSync(file, 'utf8').slice(-2_000)}`)
  }
}

/** Express with tRPC's own middleware, in a process of its own. */
export async function startStockServer({ url }: Ground): Promise<ServerProcess> {
  const env = { ...process.env, NODE_ENV: 'production', DATABASE_URL: url }
  const child = fork(join(HERE, 'stock-server.ts'), { env })
  const { port } = await nextMessage<{ port: number }>(child)
  return { url: `http://127.0.0.1:${port}`, child, stop: stopper(child) }
}

/** A process that asks over HTTP. */
export interface HttpClient {
  ask: (task: Task) => Promise<Run>
  stop: () => Promise<unknown>
}

export function startHttpClient(crowd: Crowd): HttpClient {
  const child = fork(join(HERE, 'http-client.ts'), { env: { ...process.env, NODE_ENV: 'production' } })
  child.send({ crowd })
  const ask = async (task: Task) => {
    const answer = nextMessage<{ run?: Run; failed?: string }>(child)
    child.send({ task })
    const { run, failed } = await answer
    if (!run) throw new Error(failed)
    return run
  }
  return { ask, stop: stopper(child) }
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (code: number | null) => reject(new Error(`a process of the bench ended with ${code}`))
    child.once('exit', over)
    child.once('message', (message) => {
      child.off('exit', over)
      resolve(message as T)
    })
  })
}

/** Megabytes a process holds in memory; null where `ps` does not tell. */
export function memoryOf({ child }: Pick<ServerProcess, 'child'>): number | null {
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1024
  } catch {
    return null
  }
}
