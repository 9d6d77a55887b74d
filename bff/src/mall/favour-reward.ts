import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { survivingId } from '../member'
import { twiceWhenBusy } from '../refusal'

export interface Favoured {
  rewardId: string
  favourite: boolean
}

/** Keeps an eye on a reward, or no longer; doing so again changes nothing. @throws NOT_FOUND */
export async function favourReward(
  ctx: Ctx,
  input: { requestId: string; rewardId: string; on: boolean },
): Promise<Favoured> {
  const own = memberIdOf(ctx)
  const { rewardId, on } = input
  const call = { request: commandOf(ctx, 'mall.favour', input), rewardId, on, at: ctx.now() }
  return twiceWhenBusy(async (again) => {
    const memberId = again ? await survivingId(ctx.db, own) : own
    return ctx.sql<Favoured>('mall_favour', { ...call, memberId })
  })
}
