import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withFolderLock } from './folder-lock'
import { processIdentity } from './process-identity'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'huiyuan-lock-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function leaveLockOf(owner: object): void {
  mkdirSync(join(home, 'lock'))
  writeFileSync(join(home, 'lock', 'owner.json'), JSON.stringify(owner))
}

test('works under one lock never overlap', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    inside += 1
    most = Math.max(most, inside)
    await sleep(5)
    inside -= 1
  }
  await Promise.all(Array.from({ length: 8 }, () => withFolderLock(join(home, 'lock'), work)))
  expect(most).toBe(1)
  expect(readdirSync(home)).toEqual([])
})

test('a fault inside lets go of the lock', async () => {
  const broken = withFolderLock(join(home, 'lock'), async () => {
    throw new Error('broken')
  })
  await expect(broken).rejects.toThrow('broken')
  expect(await withFolderLock(join(home, 'lock'), async () => 'next')).toBe('next')
})

test('the lock of a dead process is taken over, by one', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  leaveLockOf({ token: 'dead', pid, identity: `${pid} gone` })
  let entered = 0
  const work = async () => {
    entered += 1
    expect(entered).toBe(1)
    await sleep(20)
    entered -= 1
  }
  await Promise.all(Array.from({ length: 4 }, () => withFolderLock(join(home, 'lock'), work)))
})

test('a recycled pid is not its former owner', async () => {
  leaveLockOf({ token: 'former', pid: process.pid, identity: 'another life' })
  expect(await withFolderLock(join(home, 'lock'), async () => 'taken')).toBe('taken')
})

test('the lock of a living process is respected', async () => {
  leaveLockOf({ token: 'living', pid: process.pid, identity: processIdentity(process.pid) })
  await expect(withFolderLock(join(home, 'lock'), async () => 'taken', 0.2)).rejects.toThrow(/has held/)
})
