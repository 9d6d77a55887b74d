import type { Ctx } from '../ctx'
import { type RightForm, rightRows } from './right-form'

/** Writes rights of the programme; those that are there stay as they are. Refuses all when one is odd. @throws ZodError */
export async function loadRights(ctx: Ctx, rights: readonly RightForm[]): Promise<void> {
  await ctx.db.right.createMany({ data: rightRows(rights), skipDuplicates: true })
}
