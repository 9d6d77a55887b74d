import { resolveIdentity } from '@huiyuan/shared/identity'
import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse } from '../refusal'
import { type OpenClaim, openClaim } from './claim'
import { attachProofs } from './create-member'
import { mergeMember } from './merge-member'
import type { PhoneDoor } from './phone-door'
import { findHolders, holdersOf, lockProofs, provePhone } from './prove-identity'

export interface AttachedPhone {
  phoneMasked: string
  claim: OpenClaim | null
}

/**
 * Binds a phone to the signed-in member. An older record behind the number joins in when it is surely the same
 * person, waits for a second proof when it may be, and only loses the number when it is somebody else. When the
 * other record survives, this session goes over to it: the phone notices at its next refresh.
 */
export async function attachPhone(ctx: Ctx, input: { requestId: string; phone: PhoneDoor }): Promise<AttachedPhone> {
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.attachPhone', input)
  const known = await ctx.sql<AttachedPhone | null>('request_begin', command)
  if (known) return known
  const proof = await provePhone(ctx, input.phone)
  return once(ctx, command, async (tx) => {
    await lockProofs(tx, [proof])
    const [me] = await holdersOf(tx.db, [memberId])
    if (!me) return refuse('SESSION_OVER')
    const found = resolveIdentity([proof], await findHolders(tx.db, [proof]), tx.now(), tx.policy, me)
    if (found.kind === 'merge') await mergeMember(tx, found.survivorId, found.otherId)
    await attachProofs(tx, found.kind === 'merge' ? found.survivorId : memberId, [proof])
    const claim = found.kind === 'second_proof' ? await openClaim(tx, memberId, found.holderId) : null
    if (found.kind === 'move_phone')
      await tx.sql('outbox_put', { memberId: found.holderId, template: 'phone_moved', payload: {}, at: tx.now() })
    return { phoneMasked: maskPhone(proof.readable as string), claim }
  })
}
