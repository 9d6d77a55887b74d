import { z } from 'zod'
import { deviceLabel, memberProcedure, platform, requestId, router, staffProcedure } from '../trpc'
import { certifyCode } from './certify-code'
import { shownPublicKeys } from './ed25519'
import { enrolCode } from './enrol-code'
import { listDevices } from './list-devices'
import { revokeDevice } from './revoke-device'

const publicKey = z.string().regex(/^[\w-]{43}$/)

export const codeRouter = router({
  enrol: memberProcedure
    .input(z.object({ requestId, deviceLabel, platform }))
    .mutation(({ ctx, input }) => enrolCode(ctx.verb, input)),
  certify: memberProcedure
    .input(z.object({ requestId, deviceId: z.uuid(), publicKey }))
    .mutation(({ ctx, input }) => certifyCode(ctx.verb, input)),
  publicKeys: staffProcedure('clerk').query(({ ctx }) => ({ keys: shownPublicKeys(ctx.verb.keys) })),
  devices: memberProcedure.query(({ ctx }) => listDevices(ctx.verb)),
  revoke: memberProcedure
    .input(z.object({ requestId, deviceId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeDevice(ctx.verb, input)),
})
