import { z } from 'zod'

export const appid = z.string().min(1).max(64)

/** How somebody says which phone is theirs: the code of WeChat's own button, or a code sent to the phone. */
export const phoneDoor = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('weapp'), code: z.string().min(1).max(128), appid: appid.optional() }),
  z.object({ kind: z.literal('sms'), phone: z.string().min(5).max(24), code: z.string().regex(/^\d{6}$/) }),
])

export type PhoneDoor = z.infer<typeof phoneDoor>
