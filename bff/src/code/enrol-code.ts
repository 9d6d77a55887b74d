import { randomBytes } from 'node:crypto'
import { CODE_STEP_SECONDS } from '@huiyuan/shared/code'
import { v7 as uuidv7 } from 'uuid'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse } from '../refusal'
import { handleOf } from './handle'

/** More phones than one person shows a code on; the one used longest ago leaves. */
const MAX_DEVICES = 10

export interface EnrolledCode {
  deviceId: string
  /** Ten digits. */
  handle: string
  /** 32 bytes in base64url; the phone keeps it and never sends it back. */
  secret: string
  stepSeconds: number
  /** Epoch milliseconds, so that a phone with a wrong clock can tell. */
  serverNow: number
}

/**
 * Makes this phone one that can show the member's code, also without a network. Sent again, it hands over the same
 * secret, which is never kept but under seal. @throws NOT_FOUND when the phone was removed meanwhile
 */
export async function enrolCode(
  ctx: Ctx,
  input: { requestId: string; deviceLabel: string; platform: 'weapp' | 'h5' },
): Promise<EnrolledCode> {
  const memberId = memberIdOf(ctx)
  const { handle } = await once(ctx, commandOf(ctx, 'code.enrol', input), async (tx) => {
    for (;;) {
      const number = await tx.sql<number>('code_next_number', {})
      const enrolled = handleOf(number, tx.keys.key('handle'))
      const { taken } = await tx.sql<{ taken?: true }>('code_enrol', {
        memberId,
        deviceId: uuidv7({ msecs: tx.now().getTime() }),
        handle: enrolled,
        secretSealed: Buffer.from(tx.keys.seal(randomBytes(32))).toString('base64'),
        label: input.deviceLabel,
        platform: input.platform,
        at: tx.now(),
        limit: MAX_DEVICES,
      })
      if (!taken) return { handle: enrolled }
    }
  })
  const phone = await ctx.db.deviceHandle.findUnique({
    where: { handle, memberId, revokedAt: null },
    select: { deviceId: true, secretSealed: true },
  })
  if (!phone) return refuse('NOT_FOUND', { noun: 'device' })
  return {
    deviceId: phone.deviceId,
    handle,
    secret: ctx.keys.open(phone.secretSealed).toString('base64url'),
    stepSeconds: CODE_STEP_SECONDS,
    serverNow: ctx.now().getTime(),
  }
}
