import type { Ctx } from '../ctx'

/** Under which keys pictures of somebody lie, of all records that came into theirs. */
export async function pictureKeysOf({ db }: Ctx, memberId: string): Promise<string[]> {
  const records = await db.member.findMany({
    where: { OR: [{ memberId }, { mergedInto: memberId }] },
    select: { memberId: true },
  })
  const rows = await db.upload.findMany({
    where: { memberId: { in: records.map((one) => one.memberId) }, storageKey: { not: null } },
    select: { storageKey: true },
  })
  return rows.flatMap(({ storageKey }) => storageKey ?? [])
}

/** Removes bytes whose rows are gone. What fails is left to the sweep. */
export async function removePictures(ctx: Ctx, keys: string[]): Promise<void> {
  for (const key of keys)
    await ctx.pictures.remove(key).catch(() => ctx.log.warn({ key }, 'the bytes of a picture were not removed'))
}
