import type { HeldIdentity, Holder, Proof } from '@huiyuan/shared/identity'
import type { Command, Ctx, ProvenIdentity } from '../ctx'
import type { Db } from '../db'
import type { Keys } from '../keys'
import { refuse } from '../refusal'
import { normalPhone, spendSmsCode } from '../sms'
import { type AppKind, type AppName, appsOf, findApp, WechatError } from '../wechat'
import type { PhoneDoor } from './phone-door'

/** A phone in E.164 as proof: looked up by its keyed hash, kept readable only under seal. */
export const phoneProof = (keys: Keys, phone: string): ProvenIdentity => ({
  kind: 'phone',
  issuer: '',
  subject: keys.hash('phone', phone),
  readable: phone,
})

/** The app that a phone names when it comes in. @throws BAD_INPUT for one that is not the brand's */
export const appOfDoor = (ctx: Ctx, kind: AppKind, appid?: string): AppName =>
  findApp(ctx, kind, appid) ??
  refuse('BAD_INPUT', { fields: [{ path: 'door.appid', problem: 'not an app of this brand' }] })

/** What WeChat vouched for: the openid of one app, and the unionid of the open-platform account where it has one. */
export const wechatProofs = (
  app: Pick<AppName, 'appid' | 'platform'>,
  person: { openid: string; unionid?: string },
): ProvenIdentity[] => [
  { kind: 'wechat_openid', issuer: app.appid, subject: person.openid },
  ...(person.unionid ? [{ kind: 'wechat_unionid' as const, issuer: app.platform, subject: person.unionid }] : []),
]

/** The mini-program whose button gave a phone code, and its person there; with the openid WeChat refuses somebody else's code. */
export interface PhoneButton {
  appid: string
  openid?: string
}

/**
 * Whose button it was: of the app that the door names, else of the first mini-program in which this person is known.
 * @throws BAD_INPUT for an app that is not the brand's
 */
export function whoseButton(
  ctx: Ctx,
  door: PhoneDoor,
  known: readonly { issuer: string; subject: string }[],
): PhoneButton {
  const inApp = (appid: string) => known.filter(({ issuer }) => issuer === appid)
  const named = door.kind === 'weapp' ? door.appid : undefined
  const own = appsOf(ctx).find(({ kind, appid }) => kind === 'weapp' && inApp(appid).length > 0)
  const { appid } = named === undefined ? (own ?? { appid: ctx.weappId }) : appOfDoor(ctx, 'weapp', named)
  const [one, another] = inApp(appid)
  return { appid, ...(one && !another ? { openid: one.subject } : {}) }
}

/**
 * The phone, proven. Spends the code it is given, so call it outside of any transaction.
 * @throws WECHAT_CODE_BAD, WECHAT_DOWN, WECHAT_BLOCKED, PHONE_INVALID, SMS_WRONG, SMS_EXPIRED
 */
async function provePhone(ctx: Ctx, door: PhoneDoor, button: PhoneButton): Promise<ProvenIdentity> {
  if (door.kind === 'sms') return phoneProof(ctx.keys, await spendSmsCode(ctx, door.phone, door.code))
  const { phone } = await wechatSays(() => ctx.wechat.phoneNumber(door.code, button.openid, button.appid))
  return phoneProof(ctx.keys, normalPhone(phone) ?? refuse('PHONE_INVALID'))
}

/**
 * The answer that this command has had already, or the phone it proves. A code is good once: when it is refused, the
 * same command, sent twice, may have spent it a moment ago.
 * @throws as provePhone does
 */
export async function phoneOrAnswer<Answer>(
  ctx: Ctx,
  { command, door, button }: { command: Command; door: PhoneDoor; button: PhoneButton },
): Promise<{ answer: Answer } | { proof: ProvenIdentity }> {
  const stored = () => ctx.sql<Answer | null>('request_begin', command)
  const before = await stored()
  if (before) return { answer: before }
  try {
    return { proof: await provePhone(ctx, door, button) }
  } catch (refused) {
    const meanwhile = await stored()
    if (meanwhile) return { answer: meanwhile }
    throw refused
  }
}

/** Runs one question to WeChat; its troubles become faults that a person can act on. */
export async function wechatSays<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof WechatError)) throw error
    if (error.meaning === 'code_bad') return refuse('WECHAT_CODE_BAD')
    if (error.meaning === 'person_blocked') return refuse('WECHAT_BLOCKED')
    return refuse('WECHAT_DOWN')
  }
}

const keyOf = ({ kind, issuer, subject }: Proof) => `${kind}|${issuer}|${subject}`

/**
 * Lets one resolve at a time touch these proofs, until the transaction ends. Call it before any look-up that is meant for
 * writing: while keys rotate, it brings a phone under the hash that it is looked up by from then on.
 */
export function lockProofs(tx: Ctx, proofs: ProvenIdentity[]): Promise<unknown> {
  const { current, numbers } = tx.keys
  const phones = numbers.length > 1 ? proofs.flatMap((proof) => underAllKeys(tx.keys, proof)) : []
  const others = phones.flatMap(({ others }) => others.map((subject) => keyOf({ kind: 'phone', issuer: '', subject })))
  const call = { keys: [...proofs.map(keyOf), ...others], ring: { current, numbers } }
  return tx.sql('member_lock_proofs', phones.length > 0 ? { ...call, phones } : call)
}

function underAllKeys(keys: Keys, { kind, readable }: ProvenIdentity) {
  if (kind !== 'phone' || readable === undefined) return []
  const [subject, ...others] = keys.hashes('phone', readable)
  return [{ subject, others, sealed: Buffer.from(keys.seal(readable)).toString('base64') }]
}

const holderSelect = {
  memberId: true,
  lastActiveAt: true,
  joinedAt: true,
} as const

/** The members that hold any of these proofs, each with everything it holds. */
export async function findHolders(db: Db, proofs: Proof[]): Promise<Holder[]> {
  if (proofs.length === 0) return []
  const hits = await db.identity.findMany({
    where: { OR: proofs.map(({ kind, issuer, subject }) => ({ kind, issuer, subject })) },
    select: { memberId: true },
  })
  return holdersOf(db, [...new Set(hits.map(({ memberId }) => memberId))])
}

/** Members by id, with all their identities. */
export async function holdersOf(db: Db, memberIds: string[]): Promise<Holder[]> {
  if (memberIds.length === 0) return []
  const [members, identities] = await Promise.all([
    db.member.findMany({ where: { memberId: { in: memberIds } }, select: holderSelect }),
    db.identity.findMany({
      where: { memberId: { in: memberIds } },
      select: { memberId: true, kind: true, issuer: true, subject: true, provenAt: true },
    }),
  ])
  return members.map((member) => ({
    ...member,
    identities: identities.filter(({ memberId }) => memberId === member.memberId) as (HeldIdentity & {
      memberId: string
    })[],
  }))
}
