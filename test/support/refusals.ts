import type { FaultCode } from '@huiyuan/shared/faults'
import { Refusal } from '../../bff/src/refusal'

/** Waits for a refusal with this code and gives its detail. */
export async function refusalOf(work: Promise<unknown>, code: FaultCode): Promise<Record<string, unknown>> {
  const error = await work.then(
    (answer) => ({ answered: answer }),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Refusal)) throw error instanceof Error ? error : new Error(`${code} expected, got an answer`)
  expect(error.fault.code).toBe(code)
  return error.fault.detail
}

/** How many of these came to each end: `answer` or a fault's code. */
export async function endsOf(works: Promise<unknown>[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  for (const result of await Promise.allSettled(works)) {
    const { reason } = result as { reason?: unknown }
    if (result.status === 'rejected' && !(reason instanceof Refusal)) throw reason
    const end = result.status === 'fulfilled' ? 'answer' : (reason as Refusal).fault.code
    ends[end] = (ends[end] ?? 0) + 1
  }
  return ends
}
