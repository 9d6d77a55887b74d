import { randomUUID } from 'node:crypto'
import { type Colleague, newStaff, type Person, type Shop, type TestHouse } from '../../../test/support/people'
import type { Ctx } from '../ctx'
import { type AdjustmentWish, adjustPoints } from './adjust-points'
import { decideAdjustment } from './decide-adjustment'

/** Two operators of one brand. */
export async function twoOperators(test: TestHouse): Promise<[Colleague, Colleague]> {
  const maker = await newStaff(test, { role: 'operator', name: '运营小唐' })
  const { storeId, tillId, otherTillId }: Shop = maker
  return [maker, await newStaff(test, { role: 'operator', name: '运营安姐', shop: { storeId, tillId, otherTillId } })]
}

/** Asks for a correction, with a kind word. */
export const adjust = (
  { ctx }: { ctx: Ctx },
  { memberNo }: Pick<Person, 'memberNo'>,
  points: number,
  more: Partial<AdjustmentWish> = {},
) => adjustPoints(ctx, { requestId: randomUUID(), memberNo, points, reason: 'goodwill', note: '等了很久', ...more })

export const decide = (
  { ctx }: { ctx: Ctx },
  adjustmentId: string,
  agree = true,
  more: { requestId?: string; note?: string } = {},
) => decideAdjustment(ctx, { requestId: randomUUID(), adjustmentId, agree, ...more })
