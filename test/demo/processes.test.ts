import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processIdentity } from '@huiyuan/prisma/database/process-identity'
import { until } from '../support/patience'
import { type ChildSpec, Processes } from './processes'

const LIVES_ON: ChildSpec = {
  name: 'child',
  args: ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'],
  env: {},
}
const LIVES_BRIEFLY: ChildSpec = { name: 'child', args: ['-e', 'console.log(process.pid)'], env: {} }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'huiyuan-demo-'))
  jest.spyOn(console, 'log').mockImplementation(() => {})
  jest.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  jest.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const log = () => join(folder, 'child.log')
const written = () => (existsSync(log()) ? readFileSync(log(), 'utf8') : '').split('\n').filter(Boolean).map(Number)

test('stop ends the children and forgets them', async () => {
  const processes = new Processes(folder)
  processes.start(LIVES_ON)
  await until(written, (pids) => pids.length === 1)
  await processes.stop()
  expect(processIdentity(written()[0]!)).toBeNull()
  expect(await new Processes(folder).claim()).toBe(false)
})

test('a child that dies is started again; one that cannot live is given up', async () => {
  const processes = new Processes(folder)
  processes.start(LIVES_BRIEFLY)
  await until(
    () => (console.error as jest.Mock).mock.calls.length,
    (said) => said === 1,
  )
  expect(written()).toHaveLength(6)
  expect(processes.findLost()).toContain('the child does not live')
  await processes.stop()
})

test('what a killed demo left running is ended by the next', async () => {
  const killed = new Processes(folder)
  killed.start(LIVES_ON)
  await until(written, (pids) => pids.length === 1)
  // This starter lives on in the test: only its child may be ended.
  const book = readFileSync(join(folder, 'processes.json'), 'utf8')
  const left = (JSON.parse(book) as { name: string }[]).filter(({ name }) => name === 'child')
  writeFileSync(join(folder, 'processes.json'), JSON.stringify(left))
  const next = new Processes(folder)
  expect(await next.claim()).toBe(true)
  expect(processIdentity(written()[0]!)).toBeNull()
  await Promise.all([killed.stop(), next.stop()])
})

test('a recycled pid is left alone', async () => {
  const stranger = { name: 'child', pid: process.pid, identity: 'another life' }
  writeFileSync(join(folder, 'processes.json'), JSON.stringify([stranger]))
  expect(await new Processes(folder).claim()).toBe(false)
})
