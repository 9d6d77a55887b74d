import { randomInt } from 'node:crypto'
import { startOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'
import { Refusal, refuse } from '../refusal'
import { normalPhone } from './phone'
import { smsHashes } from './sms-hashes'

const GAP_SECONDS = 60
const PER_DAY = 10
const TRIES = 5
const TTL_MINUTES = 5

/**
 * Sends a new code to a phone; the one before is good no longer. One a minute and ten a business day for one phone.
 * @throws PHONE_INVALID, SMS_TOO_SOON, SERVICE_AWAY (the provider did not take it; trying again at once is allowed)
 */
export async function sendSmsCode(ctx: Ctx, text: string): Promise<{ resendAfterSeconds: number }> {
  const phone = normalPhone(text) ?? refuse('PHONE_INVALID')
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const hashes = smsHashes(ctx.keys, phone, code)
  const at = ctx.now()
  const { retryAfterSeconds } = await ctx.sql<{ retryAfterSeconds: number }>('sms_keep', {
    ...hashes,
    at,
    expiresAt: new Date(at.getTime() + TTL_MINUTES * 60_000),
    dayStart: startOfBusinessDay(at),
    tries: TRIES,
    gapSeconds: GAP_SECONDS,
    perDay: PER_DAY,
  })
  if (retryAfterSeconds > 0) refuse('SMS_TOO_SOON', { retryAfterSeconds })
  const words = `【${ctx.policy.brand.name}】验证码 ${code}，${TTL_MINUTES} 分钟内有效。请不要告诉任何人。`
  try {
    await ctx.sendText(phone, words)
  } catch (error) {
    await ctx.sql('sms_release', { ...hashes, gapSeconds: GAP_SECONDS })
    if (error instanceof Refusal) throw error
    ctx.log.error({ trouble: withoutNumbers(error) }, 'a text message was not sent')
    refuse('SERVICE_AWAY')
  }
  return { resendAfterSeconds: GAP_SECONDS }
}

/** A provider's words may repeat the phone or the code. */
const withoutNumbers = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\d{4,}/g, '…').slice(0, 200)
