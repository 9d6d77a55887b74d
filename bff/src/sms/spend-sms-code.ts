import type { Ctx } from '../ctx'
import { refuse } from '../refusal'
import { normalPhone } from './phone'
import { smsHashes } from './sms-hashes'

/**
 * The phone (E.164) that this code proves. However many try at once, a right code is spent once and a code is looked
 * at five times. The look is written on a connection of its own, also when the ctx is inside a transaction: a
 * wrong try counts although the caller then fails, and a spent code stays spent.
 * @throws PHONE_INVALID, SMS_WRONG, SMS_EXPIRED (too old, spent, out of tries or never sent)
 */
export async function spendSmsCode(ctx: Ctx, text: string, code: string): Promise<string> {
  const phone = normalPhone(text) ?? refuse('PHONE_INVALID')
  const look = { ...smsHashes(ctx.keys, phone, code), at: ctx.now() }
  const seen = await ctx.house.sql<{ right: boolean; triesLeft: number } | null>('sms_spend', look)
  if (seen === null) return refuse('SMS_EXPIRED')
  return seen.right ? phone : refuse('SMS_WRONG', { triesLeft: seen.triesLeft })
}
