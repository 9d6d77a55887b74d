import { type Holder, resolveIdentity } from '@huiyuan/shared/identity'
import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, commandOf, memberIdOf, once, type ProvenIdentity } from '../ctx'
import { refuse, twiceWhenBusy } from '../refusal'
import { type OpenClaim, openClaim } from './claim'
import { attachProofs } from './create-member'
import { mergeMember, survivingId } from './merge-member'
import type { PhoneDoor } from './phone-door'
import { findHolders, holdersOf, lockProofs, phoneOrAnswer } from './prove-identity'

export interface AttachedPhone {
  phoneMasked: string
  claim: OpenClaim | null
}

/**
 * Binds a phone to the signed-in member. An older record behind the number joins in when it is surely the same
 * person, waits for a second proof when it may be, and only loses the number when it is somebody else. When the
 * other record survives, this session goes over to it: the phone notices at its next refresh.
 * @throws MERGE_BLOCKED and the faults of the phone's door
 */
export async function attachPhone(ctx: Ctx, input: { requestId: string; phone: PhoneDoor }): Promise<AttachedPhone> {
  const memberId = memberIdOf(ctx)
  const command = commandOf(ctx, 'member.attachPhone', input)
  const openid = await findOpenid(ctx, memberId)
  const got = await phoneOrAnswer<AttachedPhone>(ctx, { command, door: input.phone, openid })
  if ('answer' in got) return got.answer
  return twiceWhenBusy(() => once(ctx, command, (tx) => bind(tx, memberId, got.proof)))
}

/** With it WeChat refuses a phone code that was made for somebody else. */
async function findOpenid(ctx: Ctx, memberId: string): Promise<string | undefined> {
  const where = { memberId, kind: 'wechat_openid', issuer: ctx.weappId }
  const own = await ctx.db.identity.findMany({ where, take: 2, select: { subject: true } })
  return own.length === 1 ? own[0]?.subject : undefined
}

async function bind(tx: Ctx, memberId: string, proof: ProvenIdentity): Promise<AttachedPhone> {
  await lockProofs(tx, [proof])
  // the spent code is not lost when a merge takes this record along meanwhile
  const [me] = await holdersOf(tx.db, [await survivingId(tx.db, memberId)])
  if (!me) return refuse('SESSION_OVER')
  const { owner, holderId } = await settle(tx, me, proof)
  await attachProofs(tx, owner, [proof])
  const claim = holderId ? await openClaim(tx, owner, holderId) : null
  return { phoneMasked: maskPhone(proof.readable as string), claim }
}

/** Judges the number's former holder: who owns it from now on, and whose history waits for a second proof. */
async function settle(tx: Ctx, me: Holder, proof: ProvenIdentity): Promise<{ owner: string; holderId?: string }> {
  const found = resolveIdentity([proof], await findHolders(tx.db, [proof]), tx.now(), tx.policy, me)
  if (found.kind === 'merge') {
    await mergeMember(tx, found.survivorId, found.otherId)
    return { owner: found.survivorId }
  }
  if (found.kind === 'move_phone')
    await tx.sql('outbox_put', { memberId: found.holderId, template: 'phone_moved', payload: {}, at: tx.now() })
  return { owner: me.memberId, ...(found.kind === 'second_proof' ? { holderId: found.holderId } : {}) }
}
