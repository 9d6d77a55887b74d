import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from './process-identity'

interface Owner {
  token: string
  pid: number
  identity: string | null
}

/**
 * Runs `work` while no other process runs work under the same lock folder.
 * A lock whose owner died is taken over. Throws after `timeoutSeconds` of waiting.
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>, timeoutSeconds = 180): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000
  const owner: Owner = { token: randomUUID(), pid: process.pid, identity: processIdentity(process.pid) }
  while (!take(folder, owner)) {
    retireDeadOwner(folder)
    if (Date.now() > deadline) throw new Error(`another process has held ${folder} for ${timeoutSeconds} s`)
    await sleep(50)
  }
  try {
    return await work()
  } finally {
    rmSync(folder, { recursive: true, force: true })
    sweepRetired(folder)
  }
}

function take(folder: string, owner: Owner): boolean {
  mkdirSync(dirname(folder), { recursive: true })
  const fresh = `${folder}.new-${owner.token}`
  mkdirSync(fresh)
  writeFileSync(join(fresh, 'owner.json'), JSON.stringify(owner))
  try {
    renameSync(fresh, folder)
    return true
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(code)) return false
    throw error
  }
}

/**
 * A rename cannot land on a folder that is not empty, and a retired lock keeps its owner's token in its name.
 * So of two waiters that both saw the dead owner, the slower one cannot move the faster one's new lock away.
 */
function retireDeadOwner(folder: string): void {
  try {
    const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as Owner
    const alive = processIdentity(owner.pid)
    if (alive !== null && (owner.identity === null || alive === owner.identity)) return
    renameSync(folder, `${folder}.dead-${owner.token}`)
  } catch {
    // Released or taken over in the meantime: the next round finds out.
  }
}

/** Retired locks must outlive every waiter that may still hold their token. */
function sweepRetired(folder: string): void {
  const [home, prefix] = [dirname(folder), `${basename(folder)}.`]
  for (const name of readdirSync(home)) {
    if (!name.startsWith(`${prefix}dead-`) && !name.startsWith(`${prefix}new-`)) continue
    const path = join(home, name)
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs > 3_600_000) rmSync(path, { recursive: true, force: true })
  }
}
