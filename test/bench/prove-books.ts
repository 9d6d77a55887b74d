import { fork } from 'node:child_process'
import { join } from 'node:path'
import { PROJECT } from '../support/project'
import { memoryOf } from './processes'
import type { Told } from './prove-process'

export interface Proven {
  transfers: number
  members: number
  perSecond: number
  /** Megabytes the proving process held at most: in the first half, in the second, in all. */
  firstHalfMb: number
  secondHalfMb: number
  peakMb: number
}

/** Proves one database in a process of its own. @throws Error when the books do not hold */
export function proveBooks(url: string, transfers: number, onProgress: (transfers: number) => void): Promise<Proven> {
  const script = join(PROJECT, 'test', 'bench', 'prove-process.ts')
  const child = fork(script, { env: { ...process.env, DATABASE_URL: url, NODE_ENV: 'production' } })
  let [done, firstHalfMb, secondHalfMb] = [0, 0, 0]
  const sampling = setInterval(() => {
    const held = memoryOf({ child }) ?? 0
    if (done < transfers / 2) firstHalfMb = Math.max(firstHalfMb, held)
    else secondHalfMb = Math.max(secondHalfMb, held)
  }, 250)
  return new Promise<Proven>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the proof ended with ${code}`)))
    child.on('message', (told: Told) => {
      if ('transfers' in told) {
        done = told.transfers
        return onProgress(done)
      }
      const { difference, seconds, ...proof } = told.proof
      if (difference) return reject(new Error(`the books do not hold: ${difference}`))
      resolve({ ...proof, perSecond: proof.transfers / seconds, firstHalfMb, secondHalfMb })
    })
  }).finally(() => clearInterval(sampling))
}
