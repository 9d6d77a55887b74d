import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { appsOf } from '../wechat'
import { cancelDue } from './cancel-due'

export type CancelBlocker = 'job' | 'live_hold' | 'adjustment'

interface Look {
  application: { askedAt: string; dueAt: string; state: 'asked' | 'withdrawn'; because: 'member' | 'wechat' } | null
  blockers: { blocker: CancelBlocker }[]
  /** What would be gone, in numbers. */
  losses: {
    points: number
    pendingPoints: number
    debtPoints: number
    growth: number
    tier: number
    coupons: number
    honours: number
    redemptions: { title: string; ready: boolean }[]
  }
}

export interface CancellationView extends Omit<Look, 'application' | 'blockers'> {
  /** Who has asked can take it back until `dueAt`, times in ISO. */
  asked: { askedAt: string; dueAt: string; because: 'member' | 'wechat' } | null
  blockers: CancelBlocker[]
  /** Who asks now is gone after this. */
  wouldBeDueAt: string
  /** The ways in which the person can show once more who they are. */
  ways: { wechat: boolean; phoneMasked: string | null }
}

/** How somebody stands who thinks of leaving, or has asked to. @throws SESSION_OVER */
export async function lookAtCancellation(ctx: Ctx): Promise<CancellationView> {
  const memberId = memberIdOf(ctx)
  const [look, identities] = await Promise.all([
    ctx.sql<Look | null>('cancellation_look', { memberId, at: ctx.now() }),
    ctx.db.identity.findMany({
      where: { memberId, kind: { in: ['wechat_openid', 'phone'] } },
      select: { kind: true, issuer: true, subjectSealed: true },
    }),
  ])
  if (!look) return refuse('SESSION_OVER')
  const phone = identities.find(({ kind }) => kind === 'phone')?.subjectSealed
  const { application } = look
  const weapps = appsOf(ctx).flatMap(({ kind, appid }) => (kind === 'weapp' ? [appid] : []))
  return {
    asked:
      application?.state === 'asked'
        ? { askedAt: application.askedAt, dueAt: application.dueAt, because: application.because }
        : null,
    blockers: look.blockers.map(({ blocker }) => blocker),
    losses: look.losses,
    wouldBeDueAt: cancelDue(ctx).toISOString(),
    ways: {
      wechat: identities.some(({ kind, issuer }) => kind === 'wechat_openid' && weapps.includes(issuer)),
      phoneMasked: phone ? maskPhone(ctx.keys.openText(phone)) : null,
    },
  }
}
