import { judgeProof, parseProof, type ServerKey } from '@huiyuan/shared/certificate'
import { CODE_OLD_STEPS, CODE_STEP_SLACK, codeStep, matchingStep, parseMemberCode } from '@huiyuan/shared/code'
import type { Ctx } from '../ctx'
import { tagsOf } from './check-code'
import { publicKeysOf, verifyEd25519 } from './ed25519'

export interface PastCode {
  /** Null where the digits are nobody's. */
  handle: string | null
  step: number | null
  memberId: string | null
  refusal: 'code_wrong' | 'code_old' | 'proof_wrong' | 'member_unknown' | null
}

const NOBODY = { handle: null, step: null, memberId: null }

/**
 * What a code was worth at the instant in which somebody scanned it without a network. The phone's secret decides, as for a
 * scan of now; a proof that came along must hold, too. Also phones that were removed since are found: the caller judges when.
 */
export async function checkPastCode(ctx: Ctx, text: string, scannedAt: Date): Promise<PastCode> {
  const parsed = parseMemberCode(text)
  if (!parsed) return { ...NOBODY, refusal: 'code_wrong' }
  const { handle, tag, proof } = parsed
  const phone = await ctx.db.deviceHandle.findUnique({
    where: { handle },
    select: { memberId: true, secretSealed: true },
  })
  if (!phone) return { ...NOBODY, refusal: 'member_unknown' }
  const tagAt = tagsOf(ctx.keys.open(phone.secretSealed))
  const then = codeStep(scannedAt.getTime())
  const signed = proof === null ? null : parseProof(text)
  const step = signed
    ? tagAt(signed.step) === tag
      ? signed.step
      : null
    : (matchingStep(tag, then, tagAt) ?? matchingStep(tag, then, tagAt, CODE_OLD_STEPS))
  // whether digits that are still to come are right is told by nobody: it would be learnt here and used at a counter
  if (step === null || step > codeStep(ctx.now().getTime()) + CODE_STEP_SLACK)
    return { ...NOBODY, refusal: 'code_wrong' }
  const known = { handle, step, memberId: phone.memberId }
  if (Math.abs(step - then) > CODE_STEP_SLACK) return { ...known, refusal: 'code_old' }
  const holds = proof === null || proofHolds(text, scannedAt, publicKeysOf(ctx.keys))
  return { ...known, refusal: holds ? null : 'proof_wrong' }
}

const proofHolds = (text: string, at: Date, keys: ServerKey[]): boolean =>
  judgeProof(text, { now: at.getTime(), keys, verify: verifyEd25519, usedStep: () => null }).refusal === null
