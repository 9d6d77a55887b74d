import { type Resolution, resolveIdentity } from '@huiyuan/shared/identity'
import { type Arrival, type Ctx, commandOf, type Guest, once, type ProvenIdentity, tell } from '../ctx'
import {
  attachProofs,
  createMember,
  findClaim,
  findHolders,
  lockProofs,
  mergeMember,
  openClaim,
  type PhoneDoor,
  provePhone,
} from '../member'
import { refuse } from '../refusal'
import { type Place, startSession, tokensOf } from './start-session'
import type { Tokens } from './tokens'

export interface JoinInput extends Place {
  requestId: string
  consentVersion: string
  phone?: PhoneDoor | undefined
  arrival?: Arrival | undefined
}

export interface Joined {
  memberId: string
  tokens: Tokens
  welcome: { points: number; tier: number }
  /** An old card of this phone that waits for its second proof. */
  claim: { claimId: string; points: number; triesLeft: number; expiresAt: string } | null
}

/**
 * Makes a guest a member: consent, proofs and where they came from are judged together, in one transaction that
 * holds the proofs. However often and from however many places one person joins, it is one member (I-ID1, I-ID3).
 * @throws GUEST_NEEDED, CONSENT_STALE, PROOF_NEEDED and the faults of the phone's door
 */
export async function joinMember(ctx: Ctx, input: JoinInput): Promise<Joined> {
  const guest = ctx.actor.kind === 'guest' ? ctx.actor : refuse('GUEST_NEEDED')
  if (input.consentVersion !== ctx.policy.consentVersion)
    refuse('CONSENT_STALE', { version: ctx.policy.consentVersion })
  const command = commandOf(ctx, 'session.join', input)
  const known = await ctx.sql<{ memberId: string; sessionId: string } | null>('request_begin', command)
  const started = known ?? (await join())
  if (!known) void noteRisk(ctx, started.memberId, guest)
  return joinedOf(ctx, started.memberId, started.sessionId)

  async function join() {
    const openid = openidOf(ctx, guest)
    const proofs = input.phone ? [...guest.proofs, await provePhone(ctx, input.phone, openid)] : guest.proofs
    if (proofs.length === 0) refuse('PROOF_NEEDED')
    const arrival = input.arrival ?? guest.arrival
    return once(ctx, command, async (tx) => {
      await lockProofs(tx, proofs)
      const holders = await findHolders(tx.db, proofs)
      const memberId = await enter(tx, resolveIdentity(proofs, holders, tx.now(), tx.policy), proofs, arrival)
      await recordConsent(tx, memberId)
      return { memberId, sessionId: await startSession(tx, memberId, input) }
    })
  }
}

async function enter(tx: Ctx, found: Resolution, proofs: ProvenIdentity[], arrival: Arrival): Promise<string> {
  if (found.kind === 'merge') await mergeMember(tx, found.survivorId, found.otherId)
  const own = found.kind === 'merge' ? found.survivorId : found.kind === 'create' ? null : found.memberId
  if (own) await attachProofs(tx, own, proofs)
  const memberId = own ?? (await createMember(tx, { proofs, arrival })).memberId
  if (!own) await tell(tx, 'member.joined', { memberId, at: tx.now(), arrival })
  if (found.kind === 'second_proof') await openClaim(tx, memberId, found.holderId)
  if (found.kind === 'move_phone')
    await tx.sql('outbox_put', { memberId: found.holderId, template: 'phone_moved', payload: {}, at: tx.now() })
  return memberId
}

const recordConsent = (tx: Ctx, memberId: string) =>
  tx.db.consent.upsert({
    where: { memberId_document_version: { memberId, document: 'privacy', version: tx.policy.consentVersion } },
    create: { memberId, document: 'privacy', version: tx.policy.consentVersion, grantedAt: tx.now() },
    update: { withdrawnAt: null },
  })

/**
 * WeChat's view of somebody who just joined, kept for whoever judges rewards later. It can only be asked within two hours of
 * the visit, so it is asked now; it holds nobody up, and a WeChat that does not answer leaves it unknown.
 */
async function noteRisk(ctx: Ctx, memberId: string, guest: Guest): Promise<void> {
  const openid = openidOf(ctx, guest)
  if (!openid) return
  try {
    const { rank } = await ctx.wechat.riskRank({ openid, scene: 'join', clientIp: ctx.clientIp })
    await ctx.db.member.updateMany({ where: { memberId }, data: { joinRisk: rank } })
  } catch (error) {
    ctx.log.warn({ memberId, trouble: error instanceof Error ? error.name : 'unknown' }, 'risk rank not learnt')
  }
}

const openidOf = (ctx: Ctx, guest: Guest): string | undefined =>
  guest.proofs.find(({ kind, issuer }) => kind === 'wechat_openid' && issuer === ctx.weappId)?.subject

async function joinedOf(ctx: Ctx, memberId: string, sessionId: string): Promise<Joined> {
  const [tokens, account, standing, claim] = await Promise.all([
    tokensOf(ctx, memberId, sessionId),
    ctx.db.account.findUniqueOrThrow({ where: { memberId }, select: { availablePoints: true, pendingPoints: true } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
    findClaim(ctx.db, memberId, ctx.now()),
  ])
  return {
    memberId,
    tokens,
    welcome: { points: account.availablePoints + account.pendingPoints, tier: standing.tier },
    claim: claim && { ...claim, expiresAt: claim.expiresAt.toISOString() },
  }
}
