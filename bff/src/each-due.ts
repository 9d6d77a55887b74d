import type { Ctx } from './ctx'

/**
 * Does a job's work for each thing that is due. One that fails is logged under what names it and left for a later run, so that
 * it holds up none of the others. → how many failed
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
      failures++
      ctx.log.error({ ...nameOf(one), err: error }, failed)
    }
  }
  return failures
}
