import { z } from 'zod'
import type { Caller } from './call'
import { callWithToken, type TokenSource, type WechatApp } from './token'
import { WechatError } from './wechat-error'

/** A number that WeChat has proven: `phone` with + and country code, e.g. +8613800002207. */
export interface WechatPhone {
  phone: string
  countryCode: string
}

const phoneAnswer = z.object({
  phone_info: z.object({
    purePhoneNumber: z.string().regex(/^\d{4,14}$/),
    // A string in WeChat's table, a number in its example.
    countryCode: z.union([z.string(), z.number()]).transform((code) => String(code).replace(/\D/g, '')),
    watermark: z.object({ appid: z.string() }),
  }),
})

const ENDPOINT = '/wxa/business/getuserphonenumber'

/**
 * Exchanges the code of the phone button (not wx.login's; single use, 5 minutes, each success is paid for),
 * POST /wxa/business/getuserphonenumber. With the openid WeChat also checks whose code it is.
 */
export async function phoneNumber(
  caller: Caller,
  { app, source }: { app: WechatApp; source: TokenSource },
  code: string,
  openid?: string,
): Promise<WechatPhone> {
  const got = await callWithToken(caller, source, {
    endpoint: ENDPOINT,
    method: 'POST',
    body: { code, ...(openid ? { openid } : {}) },
    effect: 'uses_code',
    secrets: [code],
    answer: phoneAnswer,
  })
  const { purePhoneNumber, countryCode, watermark } = got.phone_info
  if (watermark.appid !== app.appid) {
    throw new WechatError({
      endpoint: ENDPOINT,
      trouble: 'garbage',
      errmsg: 'number of another app',
      outcome: 'unknown',
      retryable: false,
    })
  }
  return { phone: `+${countryCode}${purePhoneNumber}`, countryCode }
}
