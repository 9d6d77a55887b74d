import { createHmac } from 'node:crypto'
import {
  CODE_OLD_STEPS,
  CODE_STEP_SECONDS,
  codeStep,
  codeTag,
  type HmacSha256,
  matchingStep,
  parseMemberCode,
} from '@huiyuan/shared/code'
import type { Ctx } from '../ctx'
import { refuse } from '../refusal'

const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest()

export interface CheckedCode {
  handle: string
  /** The 30-second step whose digits these are; null when they are nobody's now. */
  step: number | null
  /** How many seconds ago they were this phone's, or in how many where negative; null where nobody can tell. */
  secondsOff: number | null
}

/** Reads a scanned code by the server's clock. Spends and counts nothing. @throws CODE_MALFORMED */
export async function checkCode(ctx: Ctx, text: string): Promise<CheckedCode> {
  const { handle, tag } = parseMemberCode(text) ?? refuse('CODE_MALFORMED')
  const phone = await ctx.db.deviceHandle.findUnique({
    where: { handle, revokedAt: null },
    select: { secretSealed: true },
  })
  if (!phone) return { handle, step: null, secondsOff: null }
  const now = codeStep(ctx.now().getTime())
  const tagAt = tagsOf(ctx.keys.open(phone.secretSealed))
  const step = matchingStep(tag, now, tagAt)
  if (step !== null) return { handle, step, secondsOff: null }
  const other = matchingStep(tag, now, tagAt, CODE_OLD_STEPS)
  return { handle, step: null, secondsOff: other === null ? null : (now - other) * CODE_STEP_SECONDS }
}

/** The seven digits that a phone with this secret shows in a step. */
export const tagsOf = (secret: Uint8Array) => (step: number) => codeTag(secret, step, hmacSha256)
