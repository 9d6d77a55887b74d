import type { Fault } from '@huiyuan/shared/faults'
import { checkInRefusal, OBLIGATION_STEPS, obligationState } from '@huiyuan/shared/obligation'
import type { Ctx } from '../ctx'
import type { AtWork } from '../staff'
import { getVisit } from '../visit'
import type { ObligationRows } from './list-obligations'
import { factsOf, type ObligationRow, regainFromOf } from './obligation-facts'

export interface CounterObligation {
  obligationId: string
  title: string
  mark: string
  progress: number
  target: number
  /** Why a step cannot be confirmed here and now. */
  refusal: Fault | null
}

/**
 * What the member of this visit can have confirmed: what runs in this shop, and what was taken up for another one.
 * @throws VISIT_UNKNOWN, VISIT_OVER
 */
export async function listAtCounter(
  ctx: Ctx,
  staff: AtWork,
  input: { visitId: string; memberRef: string },
): Promise<{ obligations: CounterObligation[] }> {
  const now = ctx.now()
  const { memberId, method } = await getVisit(ctx, staff, input)
  const at = { storeId: staff.storeId, byCode: method === 'code' }
  const { obligations } = await ctx.sql<ObligationRows>('obligation_list', {
    memberId,
    at: now,
    regainFrom: regainFromOf(now, ctx.policy),
  })
  const concerns = (row: ObligationRow) => {
    const facts = factsOf(row)
    const open = OBLIGATION_STEPS[obligationState(facts, now)].proof !== undefined && facts.startsAt <= now
    return (
      row.proof === 'staff_scan' &&
      open &&
      (row.storeId === null || row.storeId === staff.storeId || row.acceptedAt !== null)
    )
  }
  return {
    obligations: obligations.filter(concerns).map((row) => {
      const { obligationId, title, mark, progress, target } = row
      return { obligationId, title, mark, progress, target, refusal: checkInRefusal(factsOf(row), at, now) }
    }),
  }
}
