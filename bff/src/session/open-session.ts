import { randomUUID } from 'node:crypto'
import { type Arrival, type Ctx, inTx, type ProvenIdentity } from '../ctx'
import { appOfDoor, attachProofs, phoneProof, settleProofs, wechatProofs, wechatSays } from '../member'
import { twiceWhenBusy } from '../refusal'
import { spendSmsCode } from '../sms'
import { type Place, startSession, tokensOf } from './start-session'
import { mintGuestToken, type Tokens } from './tokens'

/** How somebody comes in. Each code is spent by coming in, whatever happens then. `appid`: the app it comes from, or the main one. */
export type Door =
  | { kind: 'weapp'; code: string; appid?: string | undefined }
  | { kind: 'oauth'; code: string; appid?: string | undefined }
  | { kind: 'sms'; phone: string; code: string }

export interface OpenInput extends Place {
  door: Door
  arrival?: Arrival | undefined
}

export type Opened =
  | { kind: 'guest'; guestToken: string; expiresAt: string; hasPhone: boolean }
  | { kind: 'member'; memberId: string; tokens: Tokens }

/**
 * Signs somebody in: a known person gets a session, anybody else stays a guest until agreeing.
 * @throws BAD_INPUT for an app that is not the brand's, WECHAT_CODE_BAD, WECHAT_DOWN, WECHAT_BLOCKED, PHONE_INVALID, SMS_WRONG, SMS_EXPIRED
 */
export async function openSession(ctx: Ctx, input: OpenInput): Promise<Opened> {
  const proofs = await proveDoor(ctx, input.door)
  const opened = await twiceWhenBusy(() => inTx(ctx, (tx) => recognise(tx, proofs, input)))
  if (opened)
    return { kind: 'member', memberId: opened.memberId, tokens: await tokensOf(ctx, opened.memberId, opened.sessionId) }
  const arrival = input.arrival ?? { channel: input.platform }
  const guest = await mintGuestToken(ctx, { guestId: randomUUID(), proofs, arrival })
  return { kind: 'guest', ...guest, hasPhone: proofs.some(({ kind }) => kind === 'phone') }
}

/** The session of a member who is known by these proofs, or null. */
async function recognise(tx: Ctx, proofs: ProvenIdentity[], place: Place) {
  const { found, take } = await settleProofs(tx, proofs)
  if (found.kind !== 'attach') return null
  await attachProofs(tx, found.memberId, take)
  return { memberId: found.memberId, sessionId: await startSession(tx, found.memberId, place) }
}

async function proveDoor(ctx: Ctx, door: Door): Promise<ProvenIdentity[]> {
  switch (door.kind) {
    case 'weapp': {
      // the session key is dropped here: nothing of ours needs it, and what is not kept cannot leak
      const app = appOfDoor(ctx, 'weapp', door.appid)
      const { openid, unionid } = await wechatSays(() => ctx.wechat.codeToSession(door.code, app.appid))
      return wechatProofs(app, { openid, ...(unionid ? { unionid } : {}) })
    }
    case 'oauth': {
      const app = appOfDoor(ctx, 'oa', door.appid)
      const person = await wechatSays(() => ctx.wechat.oauthAccess(door.code, app.appid))
      // WeChat's preview visitor is made up for each look; it proves nobody
      if (person.isSnapshot) return []
      return wechatProofs(app, person)
    }
    case 'sms':
      return [phoneProof(ctx.keys, await spendSmsCode(ctx, door.phone, door.code))]
  }
}
