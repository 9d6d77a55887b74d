import type { OwnRight, RightPayloads } from '@huiyuan/shared/right'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { ownRights, type RightFacts, type RightJson } from './own-rights'

/** A right as a phone gets it: what is nobody's business before it is theirs stays here. */
export type ShownRight = ShownKind &
  Pick<OwnRight, 'rightId' | 'title' | 'words' | 'state' | 'left' | 'quota' | 'period' | 'tierFrom' | 'from'> & {
    /** When a used-up right is there again; null for never, and where it is not used up. */
    backAt: string | null
    /** From then on it is gone; null without an end. */
    until: string | null
    /** What would unlock a locked one: either of the two, or a gift where both are null. */
    unlock: { tier: number | null; honourName: string | null } | null
  }

type ShownKind =
  | { [Kind in Exclude<keyof RightPayloads, 'service_manager'>]: { kind: Kind; payload: RightPayloads[Kind] } }[Exclude<
      keyof RightPayloads,
      'service_manager'
    >]
  /** The card of the person who cares for this member; null while it is not available. */
  | { kind: 'service_manager'; contact: RightPayloads['service_manager'] | null }

/** All rights of the programme, with what each is to this member. @throws SESSION_OVER */
export async function listRights(ctx: Ctx): Promise<{ rights: ShownRight[] }> {
  const at = ctx.now()
  const call = { memberId: memberIdOf(ctx), at }
  const told = await ctx.sql<{ tier: number | null; rights: RightJson[]; own: RightFacts }>('right_show', call)
  const { tier, rights, own } = told
  // a record that was merged away meanwhile: its session is told so by the next call
  if (tier === null) return refuse('SESSION_OVER')
  const honourNames = new Map(rights.map(({ honourId, honourName }) => [honourId, honourName]))
  return { rights: ownRights(rights, tier, own, at).map((right) => shownRight(right, honourNames)) }
}

const shownRight = (right: OwnRight, honourNames: Map<string | null, string | null>): ShownRight => ({
  ...shownKind(right),
  rightId: right.rightId,
  title: right.title,
  words: right.words,
  state: right.state,
  left: right.left,
  quota: right.quota,
  period: right.period,
  tierFrom: right.tierFrom,
  from: right.from,
  backAt: right.backAt?.toISOString() ?? null,
  until: right.until?.toISOString() ?? null,
  unlock: right.unlock && { tier: right.unlock.tier, honourName: honourNames.get(right.unlock.honourId) ?? null },
})

function shownKind(right: OwnRight): ShownKind {
  if (right.kind === 'service_manager')
    return { kind: right.kind, contact: right.state === 'available' ? right.payload : null }
  const { kind, payload } = right
  return { kind, payload } as ShownKind
}
