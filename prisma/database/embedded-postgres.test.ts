import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runOnce } from './databases'
import { discardPostgres, startPostgres } from './embedded-postgres'

let home: string
let folder: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'huiyuan-postgres-'))
  // mkdtemp closes the folder to others, and root's server runs as another user.
  chmodSync(home, 0o755)
  folder = join(home, 'postgres')
})

afterEach(async () => {
  await discardPostgres(folder)
  rmSync(home, { recursive: true, force: true })
})

const postmaster = () => Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0])

async function write(url: string): Promise<void> {
  await runOnce(url, 'CREATE TABLE kept (n int)')
  await runOnce(url, 'INSERT INTO kept VALUES (42)')
}

async function read(url: string): Promise<unknown> {
  return (await runOnce(url, 'SELECT n FROM kept')).rows[0].n
}

test('data and port outlive stop and start', async () => {
  const first = await startPostgres({ folder })
  expect(first.started).toBe(true)
  await write(first.url('postgres'))
  await first.stop()
  expect(existsSync(join(folder, 'postmaster.pid'))).toBe(false)
  const second = await startPostgres({ folder, settings: { max_connections: 33 } })
  expect(second.port).toBe(first.port)
  expect(await read(second.url('postgres'))).toBe(42)
  expect((await runOnce(second.url('postgres'), 'SHOW max_connections')).rows[0].max_connections).toBe('33')
})

test('what was committed outlives kill -9', async () => {
  const first = await startPostgres({ folder })
  await write(first.url('postgres'))
  process.kill(postmaster(), 'SIGKILL')
  const second = await startPostgres({ folder })
  expect(second.started).toBe(true)
  expect(await read(second.url('postgres'))).toBe(42)
})

test('three starts at once share one server', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => startPostgres({ folder, durable: false })))
  expect(servers.filter(({ started }) => started)).toHaveLength(1)
  expect(new Set(servers.map(({ port }) => port)).size).toBe(1)
})

test('a note of a dead server whose pid now belongs to another process does not block the start', async () => {
  const first = await startPostgres({ folder, durable: false })
  const note = readFileSync(join(folder, 'postmaster.pid'), 'utf8')
  await first.stop()
  writeFileSync(join(folder, 'postmaster.pid'), note.replace(/^\d+/, String(process.pid)))
  const second = await startPostgres({ folder, durable: false })
  expect(second.started).toBe(true)
})

test('nobody gets in without the password', async () => {
  const server = await startPostgres({ folder, durable: false })
  const stranger = new URL(server.url('postgres'))
  stranger.password = 'guess'
  await expect(runOnce(stranger.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
})

test('a setting that would break out of its place is refused', async () => {
  const settings = { application_name: "x' -c listen_addresses=*" }
  await expect(startPostgres({ folder, durable: false, settings })).rejects.toThrow(/may not be/)
})
