import type { Ctx } from '../ctx'
import { appsOf, type SendOutcome } from '../wechat'
import { TEMPLATES, templateIdIn } from './templates'

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

/** A member's way in through one mini-program. */
interface Address {
  appid: string
  openid: string
}

/** Each member's openids, by mini-program, the main one first; the one proven last where a merge has left several. */
async function findOpenids(ctx: Ctx, taken: Taken[]): Promise<Map<string, Address[]>> {
  if (taken.length === 0) return new Map()
  const apps = appsOf(ctx).flatMap(({ kind, appid }) => (kind === 'weapp' ? [appid] : []))
  const identities = await ctx.db.identity.findMany({
    where: { memberId: { in: taken.map(({ memberId }) => memberId) }, kind: 'wechat_openid', issuer: { in: apps } },
    select: { memberId: true, issuer: true, subject: true },
    orderBy: { provenAt: 'desc' },
  })
  const addressesOf = (memberId: string) =>
    apps.flatMap((appid) => {
      const openid = identities.find((own) => own.memberId === memberId && own.issuer === appid)?.subject
      return openid ? [{ appid, openid }] : []
    })
  return new Map(taken.map(({ memberId }) => [memberId, addressesOf(memberId)]))
}

async function sendOne(ctx: Ctx, message: Taken, addresses: Address[] = []): Promise<End> {
  const { memberId, messageId, template } = message
  const known = Object.hasOwn(TEMPLATES, template) ? TEMPLATES[template] : undefined
  const letters = addresses.flatMap((address) => {
    const templateId = templateIdIn(ctx, address.appid, template)
    return templateId ? [{ ...address, templateId }] : []
  })
  const data = known?.wordsOf(message.payload, new Date(message.createdAt))
  if (!known || !data || letters.length === 0) {
    const isSetUp = known && findTemplate(ctx, template)
    const outcome = !isSetUp ? 'template not set up' : data ? 'no openid' : 'payload unreadable'
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
  const said = await tryApps(ctx, letters, { page: known.page, data })
  return finish(ctx, message, said, attempt)
}

const findTemplate = (ctx: Ctx, template: string) =>
  appsOf(ctx).some(({ appid }) => templateIdIn(ctx, appid, template) !== undefined)

/** In which app the member allowed it only WeChat knows: "no consent" in one was surely not sent, and may be sent in the next. */
async function tryApps(
  ctx: Ctx,
  letters: (Address & { templateId: string })[],
  words: { page: string; data: Record<string, string> },
): Promise<SendOutcome> {
  let said: SendOutcome = { outcome: 'refused', reason: 'no_consent', retryable: false, errcode: null, rid: null }
  for (const letter of letters) {
    said = await trySending(ctx, { ...letter, ...words })
    if (said.outcome !== 'refused' || said.reason !== 'no_consent') return said
  }
  return said
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
