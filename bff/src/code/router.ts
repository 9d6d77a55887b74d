import { z } from 'zod'
import { deviceLabel, memberProcedure, platform, requestId, router } from '../trpc'
import { enrolCode } from './enrol-code'
import { listDevices } from './list-devices'
import { revokeDevice } from './revoke-device'

export const codeRouter = router({
  enrol: memberProcedure
    .input(z.object({ requestId, deviceLabel, platform }))
    .mutation(({ ctx, input }) => enrolCode(ctx.verb, input)),
  devices: memberProcedure.query(({ ctx }) => listDevices(ctx.verb)),
  revoke: memberProcedure
    .input(z.object({ requestId, deviceId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeDevice(ctx.verb, input)),
})
