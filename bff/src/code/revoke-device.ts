import { type Ctx, commandOf, memberIdOf, once } from '../ctx'

/** Takes the code away from one of the member's phones, at once. @throws NOT_FOUND for anybody else's */
export async function revokeDevice(ctx: Ctx, input: { requestId: string; deviceId: string }): Promise<{ done: true }> {
  const memberId = memberIdOf(ctx)
  return once(ctx, commandOf(ctx, 'code.revoke', input), async (tx) => {
    await tx.sql('code_revoke', { memberId, deviceId: input.deviceId, at: tx.now() })
    return { done: true as const }
  })
}
