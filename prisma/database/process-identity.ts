import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Names one life of one process, so that a recycled pid is not mistaken for it.
 * Null when there is no such process, or only its unreaped remains (a zombie).
 */
export function processIdentity(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null
  if (process.platform === 'linux') return linuxIdentity(pid)
  if (process.platform === 'win32') return answersSignal(pid) ? String(pid) : null
  const started = ps(pid, 'lstart')
  return started && !ps(pid, 'stat')?.startsWith('Z') ? `${pid} ${started}` : null
}

/** The command line of a process, or null when it is gone or cannot be read. */
export function processCommand(pid: number): string | null {
  if (process.platform === 'win32') return null
  if (process.platform !== 'linux') return ps(pid, 'command')
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || null
  } catch {
    return null
  }
}

function linuxIdentity(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name in field 2 may hold spaces and brackets: count from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    if (state === 'Z' || state === 'X') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${pid} ${fields[19]} ${boot}`
  } catch {
    return null
  }
}

function ps(pid: number, column: string): string | null {
  try {
    const out = execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
    return out.toString().trim() || null
  } catch {
    return null
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
