import { type Arrival, type Ctx, commandOf, type Guest, once, type ProvenIdentity, tell } from '../ctx'
import {
  attachProofs,
  createMember,
  findClaim,
  joinedSince,
  openClaim,
  type PhoneDoor,
  phoneOrAnswer,
  settleProofs,
  survivingId,
  whoseButton,
} from '../member'
import { refuse, twiceWhenBusy } from '../refusal'
import { appsOf } from '../wechat'
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

/** As shared/src/risk.ts reads it. */
const UNSEEN = -1

interface Started {
  memberId: string
  sessionId: string
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
  const got = input.phone
    ? await phoneOrAnswer<Started>(ctx, {
        command,
        door: input.phone,
        button: whoseButton(ctx, input.phone, wechatOf(guest)),
      })
    : null
  if (got && 'answer' in got) return joinedOf(ctx, got.answer)
  const proofs = got ? [...guest.proofs, got.proof] : guest.proofs
  if (proofs.length === 0) refuse('PROOF_NEEDED')
  let first = false
  const started = await twiceWhenBusy(() =>
    once(ctx, command, async (tx): Promise<Started> => {
      const at = tx.now()
      const arrival = input.arrival ?? guest.arrival
      const { memberId, joins } = await enter(tx, proofs, arrival)
      await recordConsent(tx, memberId)
      if (joins) await tell(tx, 'member.joined', { memberId, at, arrival })
      first = true
      return { memberId, sessionId: await startSession(tx, memberId, input) }
    }),
  )
  if (first) void noteRisk(ctx, started.memberId, guest)
  return joinedOf(ctx, started)
}

/** Who these proofs are, made or found. `joins`: the first time that this person agrees, be it with a card of old. */
async function enter(
  tx: Ctx,
  proofs: ProvenIdentity[],
  arrival: Arrival,
): Promise<{ memberId: string; joins: boolean }> {
  const { found, take } = await settleProofs(tx, proofs)
  if (found.kind === 'refuse') return refuse('MERGE_BLOCKED', { blocker: found.because })
  const own = found.kind === 'create' ? null : found.memberId
  const joins = own === null || (await joinedSince(tx, own)) === null
  if (own) await attachProofs(tx, own, take)
  const memberId = own ?? (await createMember(tx, { proofs: take, arrival })).memberId
  if (found.kind === 'second_proof') await openClaim(tx, memberId, found)
  return { memberId, joins }
}

const recordConsent = (tx: Ctx, memberId: string) =>
  tx.db.consent.upsert({
    where: { memberId_document_version: { memberId, document: 'privacy', version: tx.policy.consentVersion } },
    create: { memberId, document: 'privacy', version: tx.policy.consentVersion, grantedAt: tx.now() },
    update: { withdrawnAt: null },
  })

/**
 * WeChat's view of somebody who just joined, kept for whoever judges rewards later. It can only be asked within two hours of
 * the visit, so it is asked now; it holds nobody up, and a WeChat that does not answer leaves it unknown. One that has not seen
 * the person at all says so (-1): nobody opened a mini-program there.
 */
async function noteRisk(ctx: Ctx, memberId: string, guest: Guest): Promise<void> {
  const apps = appsOf(ctx).filter(({ kind }) => kind === 'weapp')
  const own = wechatOf(guest).find(({ issuer }) => apps.some(({ appid }) => appid === issuer))
  if (!own) return
  try {
    const person = { openid: own.subject, appid: own.issuer }
    const { rank } = await ctx.wechat.riskRank({ ...person, scene: 'join', clientIp: ctx.clientIp })
    // the first word stays: who comes in again by a real phone has not joined by it
    await ctx.db.member.updateMany({ where: { memberId, joinRisk: null }, data: { joinRisk: rank ?? UNSEEN } })
  } catch (error) {
    ctx.log.warn({ memberId, trouble: error instanceof Error ? error.name : 'unknown' }, 'risk rank not learnt')
  }
}

const wechatOf = (guest: Guest) => guest.proofs.filter(({ kind }) => kind === 'wechat_openid')

/** The answer as things stand now; a repetition may come after the member was merged. */
async function joinedOf(ctx: Ctx, started: Started): Promise<Joined> {
  const memberId = await survivingId(ctx.db, started.memberId)
  const [tokens, account, standing, claim] = await Promise.all([
    tokensOf(ctx, memberId, started.sessionId),
    ctx.db.account.findUniqueOrThrow({ where: { memberId }, select: { availablePoints: true, pendingPoints: true } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
    findClaim(ctx.db, memberId, ctx.now()),
  ])
  return {
    memberId,
    tokens,
    welcome: { points: account.availablePoints + account.pendingPoints, tier: standing.tier },
    claim,
  }
}
