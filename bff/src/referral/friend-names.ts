import { maskName } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import { displayNameOf } from '../member'

export interface FriendNames {
  nameOf: (memberId: string) => string
  maskedOf: (memberId: string) => string
}

/** How these members are called: by themselves, and before others. Who chose no name is the brand's friend to all. */
export async function friendNames(ctx: Ctx, memberIds: string[]): Promise<FriendNames> {
  const members = await ctx.db.member.findMany({
    where: { memberId: { in: [...new Set(memberIds)] }, nameSealed: { not: null } },
    select: { memberId: true, nameSealed: true },
  })
  const names = new Map(members.map(({ memberId, nameSealed }) => [memberId, displayNameOf(ctx, nameSealed)]))
  const nobody = displayNameOf(ctx, null)
  return {
    nameOf: (memberId) => names.get(memberId) ?? nobody,
    maskedOf: (memberId) => maskName(names.get(memberId) ?? '') || nobody,
  }
}
