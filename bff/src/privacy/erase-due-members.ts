import { DAY_MS } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { pictureKeysOf, removePictures } from '../upload'

export interface Erased {
  /** How many were found due in this batch. */
  found: number
  erased: number
  /** Those that could not be erased now, being at a till or at work; a later run finds them again. */
  failed: number
}

/**
 * Erases up to `batch` members whose day of leaving has come. Safe to run twice and on several workers: each is erased by its own
 * statement, which looks again.
 */
export async function eraseDueMembers(ctx: Ctx, { batch }: { batch: number }): Promise<Erased> {
  const at = ctx.now()
  const done = { erased: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: (take, except) =>
      ctx.db.cancellation.findMany({
        where: { state: 'asked', dueAt: { lte: at }, memberId: { notIn: except } },
        orderBy: { dueAt: 'asc' },
        take,
        select: { memberId: true },
      }),
    idOf: ({ memberId }) => memberId,
    work: async ({ memberId }) => {
      const pictures = await pictureKeysOf(ctx, memberId)
      const { erased } = await ctx.sql<{ erased: boolean }>('cancellation_erase', {
        memberId,
        at,
        graceUntil: new Date(at.getTime() + ctx.policy.graceDays * DAY_MS),
        steps: ctx.registry.eraseSteps,
        smsHashes: await smsHashesOf(ctx, memberId),
      })
      if (!erased) return
      done.erased++
      await removePictures(ctx, pictures)
    },
    nameOf: ({ memberId }) => ({ memberId }),
    failed: 'a member was not erased',
  })
  return { ...done, found, failed }
}

/** Text codes lie under the phone's hash alone, which only the server can make. */
async function smsHashesOf(ctx: Ctx, memberId: string): Promise<string[]> {
  const records = await ctx.db.member.findMany({
    where: { OR: [{ memberId }, { mergedInto: memberId }] },
    select: { memberId: true },
  })
  const where = { memberId: { in: records.map((record) => record.memberId) }, kind: 'phone' }
  const select = { subjectSealed: true }
  const phones = await Promise.all([
    ctx.db.identity.findMany({ where, select }),
    ctx.db.formerIdentity.findMany({ where, select }),
  ])
  return phones.flat().flatMap(({ subjectSealed }) => (subjectSealed ? hashesOf(ctx, subjectSealed) : []))
}

function hashesOf({ keys }: Ctx, sealed: Uint8Array): string[] {
  try {
    return keys.hashes('sms', keys.openText(sealed))
  } catch {
    // sealed with a key that is gone: nobody can read it, and nobody shall be kept for it
    return []
  }
}
