import type { Ctx } from '../ctx'
import type { SendOutcome } from '../wechat'
import { TEMPLATES } from './templates'

/** Longer than WeChat's client can take for one message (token, send, one more of each). */
const LEASE_MS = 120_000
const MAX_ATTEMPTS = 5
const FIRST_WAIT_MS = 30_000

interface Taken {
  memberId: string
  messageId: string
  template: string
  payload: unknown
  createdAt: string
}

/** What a message came to in this run; `retried`: it waits for a later one. */
type End = 'sent' | 'dropped' | 'refused' | 'unknown' | 'retried'

export type SendTally = Record<End | 'taken', number>

/**
 * Sends up to `limit` due messages, one a member. Safe on any number of workers at once: a message is spent before it
 * leaves, so it leaves once at most, and one whose outcome nobody knows is never sent again.
 * @throws SERVICE_AWAY; what was taken then comes back when its lease is over
 */
export async function sendDueMessages(ctx: Ctx, { limit }: { limit: number }): Promise<SendTally> {
  const taken = await ctx.sql<Taken[]>('outbox_take', { at: ctx.now(), limit, leaseUntil: leaseFrom(ctx) })
  const openids = await findOpenids(ctx, taken)
  const ends = await Promise.allSettled(taken.map((message) => sendOne(ctx, message, openids.get(message.memberId))))
  const tally: SendTally = { taken: taken.length, sent: 0, dropped: 0, refused: 0, unknown: 0, retried: 0 }
  for (const end of ends) {
    if (end.status === 'rejected') throw end.reason
    tally[end.value]++
  }
  return tally
}

const leaseFrom = (ctx: Ctx) => new Date(ctx.now().getTime() + LEASE_MS)

/** Each member's openid in the mini-program; the one proven last where a merge has left several. */
async function findOpenids(ctx: Ctx, taken: Taken[]): Promise<Map<string, string>> {
  if (taken.length === 0) return new Map()
  const identities = await ctx.db.identity.findMany({
    where: { memberId: { in: taken.map(({ memberId }) => memberId) }, kind: 'wechat_openid', issuer: ctx.weappId },
    select: { memberId: true, subject: true },
    orderBy: { provenAt: 'asc' },
  })
  return new Map(identities.map(({ memberId, subject }) => [memberId, subject]))
}

async function sendOne(ctx: Ctx, message: Taken, openid: string | undefined): Promise<End> {
  const { memberId, messageId, template } = message
  const known = Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template] : undefined
  const templateId = ctx.templates[template]
  const data = known?.wordsOf(message.payload, new Date(message.createdAt))
  if (!known || !templateId || !data || !openid) {
    const outcome = !known || !templateId ? 'template not set up' : data ? 'no openid' : 'payload unreadable'
    await ctx.sql('outbox_drop', { memberId, messageId, outcome, at: ctx.now() })
    return 'dropped'
  }
  const { verdict, attempt } = await ctx.sql<{ verdict: string; attempt: number }>('outbox_spend_consent', {
    memberId,
    messageId,
    template,
    at: ctx.now(),
    leaseUntil: leaseFrom(ctx),
  })
  if (verdict !== 'send') return verdict === 'no_consent' ? 'dropped' : 'retried'
  const said = await trySending(ctx, { openid, templateId, page: known.page, data })
  return finish(ctx, message, said, attempt)
}

/** The room does not throw for anything WeChat says; if it throws nevertheless, nobody knows what left. */
async function trySending(
  ctx: Ctx,
  message: Parameters<Ctx['wechat']['sendSubscribeMessage']>[0],
): Promise<SendOutcome> {
  try {
    return await ctx.wechat.sendSubscribeMessage(message)
  } catch (error) {
    ctx.log.error({ trouble: error instanceof Error ? error.name : 'unknown' }, 'sending a message failed inside')
    return { outcome: 'unknown', reason: 'failed inside', errcode: null, rid: null }
  }
}

/**
 * Writes down what became of it. Our counter follows WeChat's: a refused message has used up no consent, and
 * "no consent" (43101) means that there is none, whatever we had counted.
 */
async function finish(
  ctx: Ctx,
  { memberId, messageId, template }: Taken,
  said: SendOutcome,
  attempt: number,
): Promise<End> {
  const at = ctx.now()
  const write = (state: string, consent: 'spent' | 'back' | 'none', more: { outcome?: string; dueAt?: Date } = {}) =>
    ctx.sql('outbox_finish', { memberId, messageId, template, state, consent, at, ...more })
  if (said.outcome === 'sent') {
    await write('sent', 'spent')
    return 'sent'
  }
  const outcome = [said.reason, said.errcode, said.rid].filter((part) => part !== null).join(' ')
  if (said.outcome === 'unknown') {
    await write('unknown', 'spent', { outcome })
    return 'unknown'
  }
  if (isWorthAnotherTry(said) && attempt < MAX_ATTEMPTS) {
    const waitMs = FIRST_WAIT_MS * 4 ** (attempt - 1)
    await write('waiting', 'back', { outcome, dueAt: new Date(at.getTime() + waitMs) })
    return 'retried'
  }
  await write('refused', said.reason === 'no_consent' ? 'none' : 'back', { outcome })
  return 'refused'
}

/** Also what is ours to mend (keys, quota, allow-list): it surely was not sent, and may work when mended. */
const isWorthAnotherTry = (said: SendOutcome & { outcome: 'refused' }): boolean =>
  said.retryable || said.reason === 'busy' || said.reason === 'away' || said.reason === 'setup'
