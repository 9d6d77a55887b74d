import { DAY_MS } from '@huiyuan/shared/time'
import { Webhook } from 'standardwebhooks'
import type { Ctx } from '../ctx'
import { postOutside } from '../post-outside'

/** Longer than one call can take. */
const LEASE_MS = 60_000
const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 6 * 3_600_000
const GIVE_UP_MS = DAY_MS
/** A webhook that nobody has answered for so long is ended. */
const END_AFTER_DAYS = 5
const EACH = 5
const KEPT_DAYS = 30

interface Taken {
  deliveryId: string
  webhookId: string
  url: string
  /** base64 */
  secretSealed: string
  event: string
  payload: unknown
  attempt: number
  createdAt: string
}

export type WebhookTally = Record<'taken' | 'sent' | 'waiting' | 'given_up', number>

/**
 * Posts up to `limit` events that are due. Safe on any number of workers at once; a receiver may hear of one event more
 * than once, and knows it by its id.
 */
export async function sendDueWebhooks(ctx: Ctx, { limit }: { limit: number }): Promise<WebhookTally> {
  const leaseUntil = new Date(ctx.now().getTime() + LEASE_MS)
  const taken = await ctx.sql<Taken[]>('webhook_take', { at: ctx.now(), limit, each: EACH, leaseUntil })
  const ends = await Promise.all(taken.map((delivery) => sendOne(ctx, delivery)))
  const tally: WebhookTally = { taken: taken.length, sent: 0, waiting: 0, given_up: 0 }
  for (const end of ends) tally[end]++
  return tally
}

async function sendOne(ctx: Ctx, delivery: Taken): Promise<'sent' | 'waiting' | 'given_up'> {
  const { deliveryId, attempt, createdAt } = delivery
  const status = await post(ctx, delivery)
  const at = ctx.now()
  const nextAt = new Date(at.getTime() + waitMs(attempt))
  const answered = status !== null && status >= 200 && status < 300
  const late = nextAt.getTime() > new Date(createdAt).getTime() + GIVE_UP_MS
  const state = answered ? 'sent' : late ? 'given_up' : 'waiting'
  const end = { deliveryId, attempt, state, status, at, nextAt: state === 'waiting' ? nextAt : null }
  const { ended } = await ctx.sql<{ ended: boolean }>('webhook_finish', { ...end, endAfterDays: END_AFTER_DAYS })
  if (ended) ctx.log.warn({ webhookId: delivery.webhookId }, 'a webhook has ended: nobody answered for days')
  return state
}

/** Four times as long as before, six hours at most, a fifth more or less: receivers that came back are not hit all at once. */
const waitMs = (attempt: number): number =>
  Math.min(FIRST_WAIT_MS * 4 ** (attempt - 1), LONGEST_WAIT_MS) * (0.8 + 0.4 * Math.random())

/** The status that came back; null when none did. */
async function post(ctx: Ctx, { deliveryId, url, secretSealed, event, payload, createdAt }: Taken) {
  const now = ctx.now()
  const body = JSON.stringify({ type: event, timestamp: createdAt, data: payload })
  try {
    const signer = new Webhook(ctx.keys.openText(Buffer.from(secretSealed, 'base64')))
    const headers = {
      'webhook-id': deliveryId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signer.sign(deliveryId, now, body),
    }
    return await postOutside(url, { headers, body, outside: ctx.outside })
  } catch (error) {
    // the words of a network's error: where it was sent is not for the log
    ctx.log.info({ deliveryId, code: (error as NodeJS.ErrnoException).code }, 'a webhook was not answered')
    return null
  }
}

/** Forgets what was told long ago. */
export async function forgetDeliveries(ctx: Ctx): Promise<number> {
  const before = new Date(ctx.now().getTime() - KEPT_DAYS * DAY_MS)
  return (await ctx.sql<{ forgotten: number }>('webhook_forget', { before })).forgotten
}
