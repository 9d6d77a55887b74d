import type { Ctx, House } from './ctx'
import { plainError } from './plain-error'
import { Refusal } from './refusal'

/** Beyond this many nobody is passed over any more: a bound, not a promise. */
const MOST_FAILED = 5_000
const failedOf = new WeakMap<House, Map<string, Set<string>>>()

/** What failed when this process last tried it, by the words it was logged with. */
function lastFailed(house: House, words: string): Set<string> {
  const jobs = failedOf.get(house) ?? new Map<string, Set<string>>()
  failedOf.set(house, jobs)
  const known = jobs.get(words) ?? new Set<string>()
  jobs.set(words, known)
  return known
}

export interface DueWork<Due> {
  batch: number
  /** Up to `limit` that are due, the longest due first, without those named. */
  find: (limit: number, except: string[]) => Promise<Due[]>
  idOf: (one: Due) => string
  work: (one: Due) => Promise<void>
  nameOf: (one: Due) => object
  failed: string
}

/**
 * Does a job's work for up to `batch` things that are due. One that fails is logged under what names it and tried again by a
 * later run, but behind all others: as many as a batch that fail for ever would else stand before everything that is due.
 * → how many it looked at, and how many failed
 * @throws SERVICE_AWAY at the first one that meets no database: the others would wait for it in vain, one by one
 */
export async function eachDue<Due>(
  ctx: Ctx,
  { batch, find, idOf, work, nameOf, failed }: DueWork<Due>,
): Promise<{ found: number; failed: number }> {
  const passed = lastFailed(ctx.house, failed)
  const due = await find(batch, [...passed])
  if (due.length < batch && passed.size > 0) {
    passed.clear()
    due.push(...(await find(batch - due.length, due.map(idOf))))
  }
  let failures = 0
  for (const one of due) {
    try {
      await work(one)
    } catch (error) {
      if (error instanceof Refusal && error.fault.code === 'SERVICE_AWAY') throw error
      failures++
      if (passed.size >= MOST_FAILED) passed.clear()
      passed.add(idOf(one))
      ctx.log.error({ ...nameOf(one), err: plainError(error) }, failed)
    }
  }
  return { found: due.length, failed: failures }
}
