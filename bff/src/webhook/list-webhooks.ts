import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import type { AtWork } from '../staff'

export interface ShownWebhook {
  webhookId: string
  url: string
  events: string[]
  createdAt: string
  endedAt: string | null
  /** Ended by the house, because nobody answered for days. */
  endedBySilence: boolean
}

/** The webhooks of the own store, those that run first, the newest first. */
export async function listWebhooks(ctx: Ctx, { storeId }: AtWork): Promise<{ webhooks: ShownWebhook[] }> {
  const rows = await ctx.db.webhook.findMany({
    where: { storeId },
    orderBy: [{ endedAt: { sort: 'desc', nulls: 'first' } }, { webhookId: 'desc' }],
    take: 50,
    select: { webhookId: true, url: true, events: true, createdAt: true, endedAt: true, endedBy: true },
  })
  return {
    webhooks: rows.map(({ createdAt, endedAt, endedBy, ...webhook }) => ({
      ...webhook,
      createdAt: createdAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      endedBySilence: endedAt !== null && endedBy === null,
    })),
  }
}

export interface ShownDelivery {
  deliveryId: string
  event: string
  orderNo: string
  state: 'waiting' | 'sent' | 'given_up'
  attempts: number
  /** What the receiver last answered; null when it did not. */
  lastStatus: number | null
  createdAt: string
  /** When it is tried next; null when it is not. */
  nextAt: string | null
  sentAt: string | null
}

const PAGE = 50

/** What was told to a webhook of the own store lately, the newest first. @throws NOT_FOUND */
export async function listDeliveries(
  ctx: Ctx,
  { storeId }: AtWork,
  { webhookId }: { webhookId: string },
): Promise<{ deliveries: ShownDelivery[] }> {
  const own = await ctx.db.webhook.findUnique({ where: { webhookId, storeId }, select: { webhookId: true } })
  if (!own) return refuse('NOT_FOUND', { noun: 'webhook' })
  const rows = await ctx.db.webhookDelivery.findMany({
    where: { webhookId },
    orderBy: [{ createdAt: 'desc' }, { deliveryId: 'desc' }],
    take: PAGE,
  })
  return {
    deliveries: rows.map(({ deliveryId, event, payload, state, attempts, lastStatus, createdAt, nextAt, sentAt }) => ({
      deliveryId,
      event,
      orderNo: String((payload as { orderNo?: unknown }).orderNo),
      state: state as ShownDelivery['state'],
      attempts,
      lastStatus,
      createdAt: createdAt.toISOString(),
      nextAt: state === 'waiting' ? nextAt.toISOString() : null,
      sentAt: sentAt?.toISOString() ?? null,
    })),
  }
}
