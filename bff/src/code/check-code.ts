import { createHmac } from 'node:crypto'
import { codeStep, codeTag, type HmacSha256, matchingStep, parseMemberCode } from '@huiyuan/shared/code'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'

const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest()

export interface CheckedCode {
  handle: string
  /** The 30-second step whose digits these are; null when they are nobody's now. */
  step: number | null
}

/** Reads a scanned code by the server's clock. Spends and counts nothing. @throws CODE_MALFORMED */
export async function checkCode(ctx: Ctx, text: string): Promise<CheckedCode> {
  const { handle, tag } = parseMemberCode(text) ?? refuse('CODE_MALFORMED')
  const phone = await ctx.db.deviceHandle.findUnique({
    where: { handle, revokedAt: null },
    select: { secretSealed: true },
  })
  if (!phone) return { handle, step: null }
  const secret = ctx.keys.open(phone.secretSealed)
  return { handle, step: matchingStep(tag, codeStep(ctx.now().getTime()), (step) => codeTag(secret, step, hmacSha256)) }
}
