import type { OwnRight } from '@huiyuan/shared/right'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { ownRights, type RightFacts, type RightJson } from './own-rights'

export interface ShownRight extends Pick<OwnRight, 'rightId' | 'kind' | 'title' | 'words' | 'state'> {
  /** How often it can still be used in this period; null without limit. */
  left: number | null
  quota: number | null
  period: OwnRight['period']
  /** When a used-up right is there again; null for never, and where it is not used up. */
  backAt: string | null
  /** What would unlock a locked one: either of the two. */
  unlock: { tier: number | null; honourName: string | null } | null
  tierFrom: number | null
  /** How many hours before the public. */
  hours: number
}

/** All rights of the programme, with what each is to this member. @throws SESSION_OVER */
export async function listRights(ctx: Ctx): Promise<{ rights: ShownRight[] }> {
  const at = ctx.now()
  const { tier, rights, own } = await ctx.sql<{ tier: number | null; rights: RightJson[]; own: RightFacts }>(
    'right_show',
    {
      memberId: memberIdOf(ctx),
      at,
    },
  )
  // a record that was merged away meanwhile: its session is told so by the next call
  if (tier === null) return refuse('SESSION_OVER')
  const honourNames = new Map(rights.map(({ honourId, honourName }) => [honourId, honourName]))
  return {
    rights: ownRights(rights, tier, own, at).map((right) => ({
      rightId: right.rightId,
      kind: right.kind,
      title: right.title,
      words: right.words,
      state: right.state,
      left: right.left,
      quota: right.quota,
      period: right.period,
      backAt: right.backAt?.toISOString() ?? null,
      unlock: right.unlock && {
        tier: right.unlock.tier,
        honourName: honourNames.get(right.unlock.honourId) ?? null,
      },
      tierFrom: right.tierFrom,
      hours: right.hours,
    })),
  }
}
