import { setTimeout as pause } from 'node:timers/promises'
import type { Response } from 'express'

/**
 * A planned failure of one path (or `*`). `when` says whether it strikes before the work or after it: after, the
 * message is sent or the code used and only the answer suffers.
 */
export type Fault = { path: string; count?: number; when?: 'before' | 'after' } & (
  | { kind: 'errcode'; errcode: number; errmsg?: string }
  | { kind: 'latency'; ms: number }
  | { kind: 'drop' }
  | { kind: 'garbage'; body?: string }
  | { kind: 'http'; status: number; body?: string }
)

export interface FaultList {
  add(fault: Fault): void
  clear(): void
  /** The next fault for this path, used up by the taking. */
  take(path: string): Fault | null
}

export function faultList(): FaultList {
  let planned: { fault: Fault; left: number }[] = []
  return {
    add(fault) {
      planned.push({ fault, left: fault.count ?? 1 })
    },
    clear() {
      planned = []
    },
    take(path) {
      const next = planned.find((one) => one.fault.path === path || one.fault.path === '*')
      if (!next) return null
      next.left -= 1
      if (next.left <= 0) planned = planned.filter((one) => one !== next)
      return next.fault
    },
  }
}

/** Lets a fault act on the answer. True when that was the answer; a late answer still has to be given. */
export async function strike(fault: Fault, response: Response): Promise<boolean> {
  switch (fault.kind) {
    case 'latency':
      await pause(fault.ms, undefined, { ref: false })
      return response.destroyed
    case 'drop':
      response.socket?.destroy()
      return true
    case 'garbage':
      response.type('text/html').send(fault.body ?? '<html><body>nginx</body></html>')
      return true
    case 'http':
      response.status(fault.status).send(fault.body ?? '')
      return true
    case 'errcode':
      return false
  }
}
