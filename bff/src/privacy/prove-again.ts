import { z } from 'zod'
import { type Command, type Ctx, memberIdOf } from '../ctx'
import { appid, appOfDoor, wechatSays } from '../member'
import { refuse } from '../refusal'
import { sendSmsCode, spendSmsCode } from '../sms'

/** How a signed-in person shows once more who they are: WeChat's fresh code of this phone, or a text to the bound number. */
export const secondProof = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('weapp'), code: z.string().min(1).max(256), appid: appid.optional() }),
  z.object({ kind: z.literal('sms'), code: z.string().regex(/^\d{6}$/) }),
])

export type SecondProof = z.infer<typeof secondProof>

/** Sends a text code to the member's own number, which nobody has to type. @throws PROOF_NEEDED without one, SMS_TOO_SOON, SERVICE_AWAY */
export const sendOwnCode = async (ctx: Ctx): Promise<{ resendAfterSeconds: number }> =>
  sendSmsCode(ctx, await ownPhone(ctx))

/**
 * The answer that this command has had already, or null once the person is proven. A code is good once: one that is refused may have
 * been spent by the same command a moment ago.
 * @throws PROOF_NEEDED when it proves somebody else; WECHAT_CODE_BAD, WECHAT_DOWN, SMS_WRONG, SMS_EXPIRED
 */
export async function answerOrProven<Answer>(ctx: Ctx, command: Command, proof: SecondProof): Promise<Answer | null> {
  const stored = () => ctx.sql<Answer | null>('request_begin', command)
  const before = await stored()
  if (before) return before
  try {
    await prove(ctx, proof)
    return null
  } catch (refused) {
    const meanwhile = await stored()
    if (meanwhile) return meanwhile
    throw refused
  }
}

async function prove(ctx: Ctx, proof: SecondProof): Promise<void> {
  if (proof.kind === 'sms') return void (await spendSmsCode(ctx, await ownPhone(ctx), proof.code))
  const app = appOfDoor(ctx, 'weapp', proof.appid)
  const { openid } = await wechatSays(() => ctx.wechat.codeToSession(proof.code, app.appid))
  const known = await ctx.db.identity.findUnique({
    where: { kind_issuer_subject: { kind: 'wechat_openid', issuer: app.appid, subject: openid } },
    select: { memberId: true },
  })
  if (known?.memberId !== memberIdOf(ctx)) refuse('PROOF_NEEDED')
}

async function ownPhone(ctx: Ctx): Promise<string> {
  const own = await ctx.db.identity.findFirst({
    where: { memberId: memberIdOf(ctx), kind: 'phone' },
    select: { subjectSealed: true },
  })
  return own?.subjectSealed ? ctx.keys.openText(own.subjectSealed) : refuse('PROOF_NEEDED')
}
