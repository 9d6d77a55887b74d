import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOM = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs one command of the Prisma CLI in this room, e.g. `['generate']`, and returns what it wrote to stdout.
 * Throws with the CLI's own words when it fails; `accept` names exit codes that are answers rather than faults.
 */
export async function runPrisma(
  args: string[],
  { url, accept = [] }: { url?: string; accept?: number[] } = {},
): Promise<{ code: number; stdout: string }> {
  const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build', 'index.js')
  const quiet = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1', NO_COLOR: '1' }
  const env = { ...process.env, ...quiet, ...(url ? { DATABASE_URL: url } : {}) }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: ROOM, env, maxBuffer: 64e6 })
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string }
    if (typeof code === 'number' && accept.includes(code)) return { code, stdout }
    throw new Error(`prisma ${args[0]} failed:\n${stderr || stdout || String(error)}`)
  }
}
