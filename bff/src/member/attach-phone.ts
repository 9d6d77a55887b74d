import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, commandOf, memberIdOf, once, type ProvenIdentity } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import { type OpenClaim, openClaim } from './claim'
import { attachProofs } from './create-member'
import { survivingId } from './merge-member'
import type { PhoneDoor } from './phone-door'
import { phoneOrAnswer, whoseButton } from './prove-identity'
import { settleProofs } from './settle-proofs'

export interface AttachedPhone {
  phoneMasked: string
  /** False: it stays where it is until a second proof says who both are. */
  attached: boolean
  claim: OpenClaim | null
}

/**
 * Binds a phone to the signed-in member. An older record behind the number joins in when it is surely the same
 * person, waits for a second proof when it may be (with the number, where both have WeChat), and only loses the number
 * when it is somebody else. When the other record survives, this session goes over to it: the phone notices at its next
 * refresh.
 * @throws MERGE_BLOCKED and the faults of the phone's door
 */
export async function attachPhone(ctx: Ctx, input: { requestId: string; phone: PhoneDoor }): Promise<AttachedPhone> {
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.attachPhone', input)
  const where = { memberId, kind: 'wechat_openid' }
  const known = await ctx.db.identity.findMany({ where, select: { issuer: true, subject: true } })
  const button = whoseButton(ctx, input.phone, known)
  const got = await phoneOrAnswer<AttachedPhone>(ctx, { command, door: input.phone, button })
  if ('answer' in got) return got.answer
  return twiceWhenBusy(() => once(ctx, command, (tx) => bind(tx, memberId, got.proof)))
}

async function bind(tx: Ctx, memberId: string, proof: ProvenIdentity): Promise<AttachedPhone> {
  // the spent code is not lost when a merge takes this record along meanwhile
  const { found, take } = await settleProofs(tx, [proof], await survivingId(tx.db, memberId))
  const owner = ('memberId' in found && found.memberId) || refuse('SESSION_OVER')
  await attachProofs(tx, owner, take)
  const claim = found.kind === 'second_proof' ? await openClaim(tx, owner, found) : null
  return { phoneMasked: maskPhone(proof.readable as string), attached: take.length > 0, claim }
}
