import { isDisplayName } from '@huiyuan/shared/member'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse } from '../refusal'

/** Sets what the member is called on the card. @throws BAD_INPUT */
export async function renameMember(
  ctx: Ctx,
  input: { requestId: string; displayName: string },
): Promise<{ displayName: string }> {
  const memberId = memberIdOf(ctx)
  const displayName = input.displayName.trim()
  if (!isDisplayName(displayName)) refuse('BAD_INPUT', { fields: [{ path: 'displayName', problem: 'name' }] })
  return once(ctx, commandOf(ctx, 'member.rename', input), async (tx) => {
    await tx.db.member.update({ where: { memberId }, data: { nameSealed: tx.keys.seal(displayName) } })
    // the name itself stays out of the stored answers
    return { displayName: '' }
  }).then(() => ({ displayName }))
}
