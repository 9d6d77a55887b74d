import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Ctx } from '../ctx'

/** A link is good for this long, and up to as long again: links made within one span are equal, so that phones keep the picture. */
const SPAN_MS = 60 * 60_000
/** Longer than WeChat takes to fetch what it was asked to look at. */
const DIGITS = /^([0-9a-z]{1,10})\.([\w-]{43})$/

/** Path and query of a picture below the server's own address, for whoever may see it; it names no member, opens nothing else and ends by itself. */
export function uploadUrl(ctx: Pick<Ctx, 'keys' | 'now'>, uploadId: string): string {
  const until = (Math.floor(ctx.now().getTime() / SPAN_MS) + 2) * SPAN_MS
  return `/upload/${uploadId}?t=${until.toString(36)}.${sealOf(ctx.keys.key('upload'), uploadId, until)}`
}

/** When the link ends, in epoch ms; null for one that is made up, of another picture or over. */
export function linkEnd(ctx: Pick<Ctx, 'keys' | 'now'>, uploadId: string, token: unknown): number | null {
  const [, digits = '', seal = ''] = (typeof token === 'string' && DIGITS.exec(token)) || []
  const until = Number.parseInt(digits, 36)
  if (!(until > ctx.now().getTime())) return null
  const given = Buffer.from(seal)
  const known = ctx.keys.keys('upload').some((key) => {
    const own = Buffer.from(sealOf(key, uploadId, until))
    return own.length === given.length && timingSafeEqual(own, given)
  })
  return known ? until : null
}

const sealOf = (key: Uint8Array, uploadId: string, until: number): string =>
  createHmac('sha256', key).update(`${uploadId} ${until}`).digest('base64url')
