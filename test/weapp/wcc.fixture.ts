import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * WeChat gives its compilers for Windows, macOS and Linux on x64 with glibc only. Where they do not run, everything that
 * needs a drawn page is skipped, and said to be.
 */
function wccRuns(): boolean {
  if (process.platform !== 'linux') return true
  const folder = dirname(createRequire(__filename).resolve('miniprogram-compiler/package.json'))
  return spawnSync(join(folder, 'bin', 'linux', 'wcc'), ['-v']).error === undefined
}

const runs = wccRuns()
if (!runs) console.warn("WeChat's compiler does not run on this machine: tests of the drawn mini-program are skipped")

/** `describe` for what needs WeChat's compilers. */
export const describeWithWcc: jest.Describe = runs ? describe : describe.skip
