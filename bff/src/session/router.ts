import { z } from 'zod'
import { appid, phoneDoor } from '../member'
import { sendSmsCode } from '../sms'
import {
  deviceLabel,
  guestProcedure,
  memberProcedure,
  openProcedure,
  phoneText,
  platform,
  requestId,
  router,
} from '../trpc'
import { revokeSession, signOut } from './end-session'
import { joinMember } from './join-member'
import { listSessions } from './list-sessions'
import { openSession } from './open-session'
import { refreshSession } from './refresh-session'

const code = z.string().min(1).max(256)
/** The phone's own random mark, the same for whoever signs in on it. */
const install = z
  .string()
  .regex(/^[\w-]{16,64}$/)
  .optional()

const door = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('weapp'), code, appid: appid.optional() }),
  z.object({ kind: z.literal('oauth'), code, appid: appid.optional() }),
  z.object({ kind: z.literal('sms'), phone: phoneText, code: z.string().regex(/^\d{6}$/) }),
])

const arrival = z.object({
  channel: z.string().min(1).max(40),
  link: z
    .string()
    .regex(/^[0-9A-Za-z]{1,10}$/)
    .optional(),
  storeId: z.string().max(32).optional(),
  scene: z.number().int().min(0).max(100_000).optional(),
  openedAt: z.number().int().min(0).max(8_640_000_000_000_000).optional(),
  article: z
    .string()
    .regex(/^[0-9a-z_]{1,32}$/)
    .optional(),
})

export const sessionRouter = router({
  open: openProcedure
    .input(z.object({ door, arrival: arrival.optional(), deviceLabel, platform, install }))
    .mutation(({ ctx, input }) => openSession(ctx.verb, input)),
  sendSms: openProcedure
    .input(z.object({ phone: phoneText }))
    .mutation(({ ctx, input }) => sendSmsCode(ctx.verb, input.phone)),
  join: guestProcedure
    .input(
      z.object({
        requestId,
        consentVersion: z.string().max(20),
        phone: phoneDoor.optional(),
        arrival: arrival.optional(),
        deviceLabel,
        platform,
        install,
      }),
    )
    .mutation(({ ctx, input }) => joinMember(ctx.verb, input)),
  refresh: openProcedure
    .input(z.object({ refreshToken: z.string().min(1).max(400), install }))
    .mutation(({ ctx, input }) => refreshSession(ctx.verb, input)),
  signOut: memberProcedure.mutation(({ ctx }) => signOut(ctx.verb)),
  list: memberProcedure.query(({ ctx }) => listSessions(ctx.verb)),
  revoke: memberProcedure
    .input(z.object({ sessionId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeSession(ctx.verb, input)),
})
