import { type Ctx, commandOf, memberIdOf } from '../ctx'
import { displayNameOf, survivingId } from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { checkText } from '../upload'

/**
 * Puts the member's name on the wall of an honour that they wear, or takes it off; at once either way, and doing so again changes
 * nothing. What strangers will read is shown to WeChat before. @throws NOT_FOUND, HONOUR_NEEDED, CONTENT_REFUSED, REQUEST_REUSED
 */
export async function setWall(
  ctx: Ctx,
  input: { requestId: string; honourId: string },
  on: boolean,
): Promise<{ onWall: boolean }> {
  const own = memberIdOf(ctx)
  if (on) await checkName(ctx, own)
  return twiceWhenBusy(async (again) =>
    ctx.sql<{ onWall: boolean }>('honour_wall_set', {
      request: commandOf(ctx, on ? 'honour.putOnWall' : 'honour.takeOffWall', input),
      memberId: again ? await survivingId(ctx.db, own) : own,
      honourId: input.honourId,
      on,
      at: ctx.now(),
    }),
  )
}

/** @throws CONTENT_REFUSED where the name on the card is nothing for strangers */
async function checkName(ctx: Ctx, memberId: string): Promise<void> {
  const member = await ctx.db.member.findUnique({ where: { memberId }, select: { nameSealed: true } })
  if (!member?.nameSealed) return
  const said = await checkText(ctx, { memberId, text: displayNameOf(ctx, member.nameSealed), scene: 'profile' })
  if (said === 'refused') refuse('CONTENT_REFUSED')
}
