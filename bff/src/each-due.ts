import type { Ctx } from './ctx'
import { plainError } from './plain-error'
import { Refusal } from './refusal'

/**
 * Does a job's work for each thing that is due. One that fails is logged under what names it and left for a later run, so that
 * it holds up none of the others. → how many failed
 * @throws SERVICE_AWAY at the first one that meets no database: the others would wait for it in vain, one by one
 */
export async function eachDue<Due>(
  ctx: Ctx,
  due: readonly Due[],
  { work, nameOf, failed }: { work: (one: Due) => Promise<void>; nameOf: (one: Due) => object; failed: string },
): Promise<number> {
  let failures = 0
  for (const one of due) {
    try {
      await work(one)
    } catch (error) {
      if (error instanceof Refusal && error.fault.code === 'SERVICE_AWAY') throw error
      failures++
      ctx.log.error({ ...nameOf(one), err: plainError(error) }, failed)
    }
  }
  return failures
}
