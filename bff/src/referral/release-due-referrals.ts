import { endOfMonthAfter } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { eachDue } from '../each-due'
import { friendNames } from './friend-names'
import { judgeReferral } from './judge-referral'

export interface ReferralsReleased {
  /** Rewards of this batch whose day had come. */
  due: number
  released: number
  /** Rewards whose payment went wrong; a later run finds them again. One that waits for a person now is neither. */
  failed: number
}

/**
 * Pays up to `batch` held rewards whose friend's first purchase was kept long enough, each judged once more just before. Safe to run twice and on several
 * workers: each payment is one statement that finds the reward still held (I-L5).
 */
export async function releaseDueReferrals(ctx: Ctx, { batch }: { batch: number }): Promise<ReferralsReleased> {
  const at = ctx.now()
  const expiresAt = endOfMonthAfter(at, ctx.policy.expiryMonths)
  const done = { released: 0 }
  const { found, failed } = await eachDue(ctx, {
    batch,
    find: async (take, except) => {
      const due = await ctx.db.referral.findMany({
        where: { state: 'held', releaseAt: { lte: at }, referralId: { notIn: except } },
        orderBy: [{ releaseAt: 'asc' }, { referralId: 'asc' }],
        take,
        select: { memberId: true, referralId: true },
      })
      const { maskedOf } = await friendNames(
        ctx,
        due.map(({ memberId }) => memberId),
      )
      return due.map((edge) => ({ ...edge, friend: maskedOf(edge.memberId) }))
    },
    idOf: ({ referralId }) => referralId,
    work: async (edge) => {
      const judged = await judgeReferral(ctx, edge)
      if (judged?.state !== 'held') return
      const call = { ...edge, judgedAt: judged.judgedAt, at, expiresAt }
      const { released } = await ctx.sql<{ released: boolean }>('referral_release', call)
      if (released) done.released++
    },
    nameOf: ({ referralId }) => ({ referralId }),
    failed: 'a referral was not released',
  })
  return { ...done, due: found, failed }
}
