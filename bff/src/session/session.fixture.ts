import { randomInt, randomUUID } from 'node:crypto'
import { PATIENCE_MS } from '../../../test/support/patience'
import { type TestHouse, testHouse } from '../../../test/support/people'
import { DEMO_APPS, type Sandbox } from '../../../test/wechat-sandbox'
import { contractRoom, openSandbox } from '../../../test/wechat-sandbox/contract-room'
import { type Ctx, ctxOf } from '../ctx'
import { sendSmsCode } from '../sms'
import type { Wechat } from '../wechat'
import { type Joined, type JoinInput, joinMember } from './join-member'
import { type Door, type Opened, type OpenInput, openSession } from './open-session'
import { readActor } from './read-actor'

export const PLACE = { deviceLabel: '小米 15', platform: 'weapp' } as const

/** A house whose WeChat is the sandbox over HTTP and whose text messages are read here. */
export interface SessionHouse extends TestHouse {
  sandbox: Sandbox
  /** The same WeChat, for who does not wait for an answer; everybody else waits as long as a busy machine needs. */
  hurried: Wechat
  /** The six digits sent to this phone just now; a minute passes. */
  textCode(phone: string): Promise<string>
  /** The ctx of whoever holds this bearer token, read as a request's would be. */
  bearer(token: string): Promise<Ctx>
  open(door: Door, more?: Partial<OpenInput>): Promise<Opened>
  /** A person nobody has seen, as WeChat knows them. */
  stranger(wish?: { unionid?: string | null; phone?: string | null }): { key: string; phone: string }
}

export async function sessionHouse(url: string): Promise<SessionHouse> {
  const sandbox = await openSandbox()
  const texts = new Map<string, string>()
  const room = contractRoom(sandbox.url)
  const base = testHouse(url, {
    wechat: room.another(PATIENCE_MS),
    weappId: DEMO_APPS.weapp.appid,
    oaAppId: DEMO_APPS.oa.appid,
    sendText: async (phone, text) => void texts.set(phone, /\d{6}/.exec(text)?.[0] ?? ''),
  })
  const bearer = async (token: string) => ctxOf(base.house, await readActor(base.house, `Bearer ${token}`))
  return {
    ...base,
    sandbox,
    hurried: room.another(1_000),
    bearer,
    open: (door, more) => openSession(base.as(), { door, ...PLACE, ...more }),
    async textCode(phone) {
      base.clock.pass(60_000)
      await sendSmsCode(base.as(), phone)
      return texts.get(phone) as string
    },
    stranger({ unionid = null, phone = `+86137${String(randomInt(100_000_000)).padStart(8, '0')}` } = {}) {
      const key = randomUUID()
      sandbox.control.addPerson({ key, name: '新客', phone, unionid })
      return { key, phone: phone ?? '' }
    },
    close: async () => {
      await base.close()
      await sandbox.close()
    },
  }
}

/** Who came in as a guest. */
export async function guestOf(opened: Promise<Opened>): Promise<Opened & { kind: 'guest' }> {
  const got = await opened
  if (got.kind !== 'guest') throw new Error('a guest was expected')
  return got
}
/** Who came in as a member. */
export async function memberOf(opened: Promise<Opened>): Promise<Opened & { kind: 'member' }> {
  const got = await opened
  if (got.kind !== 'member') throw new Error('a member was expected')
  return got
}

export const agreed = (ctx: Ctx, more: Partial<JoinInput> = {}): JoinInput => ({
  requestId: randomUUID(),
  consentVersion: ctx.policy.consentVersion,
  ...PLACE,
  ...more,
})

/** A stranger who opens the mini-program and joins. */
export async function newcomer(
  one: SessionHouse,
  { phone = true, unionid = null }: { phone?: boolean; unionid?: string | null } = {},
): Promise<Joined & { key: string; phone: string; ctx: Ctx }> {
  const who = one.stranger({ unionid })
  const guest = await guestOf(one.open({ kind: 'weapp', code: one.sandbox.control.loginCode(who.key) }))
  const ctx = await one.bearer(guest.guestToken)
  const door = { kind: 'weapp', code: one.sandbox.control.phoneCode(who.key) } as const
  const joined = await joinMember(ctx, agreed(ctx, phone ? { phone: door } : {}))
  return { ...joined, ...who, ctx: await one.bearer(joined.tokens.accessToken) }
}
