import { signCertificate } from '@huiyuan/shared/certificate'
import { type Ctx, commandOf, memberIdOf, once } from '../ctx'
import { refuse } from '../refusal'
import { certifier } from './ed25519'

/** More than so many hours no certificate lasts: a phone that was removed goes on proving itself offline for that long. */
const MOST_HOURS = 72

export interface CertifiedCode {
  /** 103 bytes in base64url, see shared/src/certificate.ts. */
  certificate: string
  expiresAt: string
  /** Epoch milliseconds. */
  serverNow: number
}

/**
 * Certifies the key of one of the member's phones, so that its codes can be checked without a network. Asked again, also
 * with the same command, it gives a fresh one: what is kept is the phone's public key.
 * @param input publicKey: the phone's Ed25519 key, 32 bytes in base64url
 * @throws NOT_FOUND for anybody else's phone and for one that was removed
 */
export async function certifyCode(
  ctx: Ctx,
  input: { requestId: string; deviceId: string; publicKey: string },
): Promise<CertifiedCode> {
  const memberId = memberIdOf(ctx)
  const { deviceId, publicKey } = input
  await once(ctx, commandOf(ctx, 'code.certify', input), async (tx) => {
    const bytes = Buffer.from(publicKey, 'base64url').toString('base64')
    await tx.sql('code_certify', { memberId, deviceId, publicKey: bytes })
    return { done: true }
  })
  const [phone, standing] = await Promise.all([
    ctx.db.deviceHandle.findFirst({ where: { memberId, deviceId, revokedAt: null }, select: { handle: true } }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
  ])
  if (!phone) return refuse('NOT_FOUND', { noun: 'device' })
  const serverNow = ctx.now().getTime()
  const hours = Math.min(ctx.policy.certificateHours, MOST_HOURS)
  const expiresAt = Math.floor(serverNow / 1000) * 1000 + hours * 3_600_000
  const { keyNumber, sign } = certifier(ctx.keys)
  const terms = { handle: phone.handle, publicKey: bytesOf(publicKey), tier: standing.tier, expiresAt, keyNumber }
  return {
    certificate: Buffer.from(signCertificate(terms, sign)).toString('base64url'),
    expiresAt: new Date(expiresAt).toISOString(),
    serverNow,
  }
}

const bytesOf = (base64url: string) => new Uint8Array(Buffer.from(base64url, 'base64url'))
