import { CODE_STEP_SECONDS } from '@huiyuan/shared/code'
import { isAwardable, type OfflineClash } from '@huiyuan/shared/offline'
import { type Ctx, commandOf } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import type { AtWork } from '../staff'
import { offlineEarning } from './earning'
import type { SyncedEntry } from './sync-offline'

export interface Decision {
  requestId: string
  tillId: string
  sequence: number
  how: 'award' | 'dismiss'
  reason: string
}

/**
 * A manager's word on a clash: it is dismissed, or it earns all the same, for whoever holds that phone's record by now.
 * @throws NOT_FOUND, CLASH_DONE, MEMBER_UNKNOWN and AMOUNT_INVALID for what cannot be awarded, ROLE_NEEDED
 */
export async function decideClash(ctx: Ctx, staff: AtWork, input: Decision): Promise<SyncedEntry & { tillId: string }> {
  const { tillId, sequence, how, reason } = input
  const said = { staffId: staff.memberId, tillId, sequence, how, reason, at: ctx.now() }
  const request = commandOf(ctx, 'offline.decide', input)
  return twiceWhenBusy(async () =>
    ctx.sql<SyncedEntry & { tillId: string }>('offline_decide', {
      ...said,
      request,
      ...(how === 'award' ? await awardOf(ctx, staff, input) : {}),
    }),
  )
}

/** What the award would write. The entry itself never changes, so it can be read ahead; its state is the write's to judge. */
async function awardOf(ctx: Ctx, staff: AtWork, { tillId, sequence }: Decision) {
  const entry = await ctx.db.offlineOrder.findUnique({
    where: { storeId_tillId_sequence: { storeId: staff.storeId, tillId, sequence } },
  })
  if (!entry) return refuse('NOT_FOUND', { noun: 'offline_order' })
  const { handle, step, amountFen, soldAt } = entry
  if (entry.clash === 'amount_invalid') return refuse('AMOUNT_INVALID')
  if (handle === null || step === null || !isAwardable(entry.clash as OfflineClash)) return refuse('MEMBER_UNKNOWN')
  const phone = await ctx.db.deviceHandle.findUnique({ where: { handle }, select: { memberId: true } })
  if (!phone) return refuse('MEMBER_UNKNOWN')
  return {
    handle,
    step: Number(step),
    shownAt: new Date(Number(step) * CODE_STEP_SECONDS * 1000),
    amountFen,
    soldAt,
    ...offlineEarning(ctx, phone.memberId, amountFen, soldAt),
  }
}
