import { isDisplayName } from '@huiyuan/shared/member'
import { type Ctx, commandOf, memberIdOf, once, tell } from '../ctx'
import { refuse } from '../refusal'

/** Sets what the member is called on the card. @throws BAD_INPUT, SESSION_OVER */
export async function renameMember(
  ctx: Ctx,
  input: { requestId: string; displayName: string },
): Promise<{ displayName: string }> {
  const memberId = memberIdOf(ctx)
  const displayName = input.displayName.trim()
  if (!isDisplayName(displayName)) refuse('BAD_INPUT', { fields: [{ path: 'displayName', problem: 'name' }] })
  return once(ctx, commandOf(ctx, 'member.rename', input), async (tx) => {
    const named = await tx.db.member.updateMany({
      where: { memberId, status: 'active' },
      data: { nameSealed: tx.keys.seal(displayName) },
    })
    if (named.count === 0) refuse('SESSION_OVER')
    await tell(tx, 'member.renamed', { memberId, at: tx.now() })
    // the name itself stays out of the stored answers
    return { displayName: '' }
  }).then(() => ({ displayName }))
}
