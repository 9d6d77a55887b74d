/**
 * Who is this? Proofs (an openid just vouched for by WeChat, a phone just answered) are laid beside the members
 * that already hold them. Phone numbers are handed on in China, so a number alone never opens an old account
 * that has been silent, and never takes another WeChat person's.
 */
import type { Policy } from './policy'
import { DAY_MS } from './time'

export type IdentityKind = 'wechat_openid' | 'wechat_unionid' | 'phone' | 'store_card' | 'external'

export interface Proof {
  kind: IdentityKind
  /** appid of an openid, system of an external id, else '' */
  issuer: string
  subject: string
}

export interface HeldIdentity extends Proof {
  provenAt: Date
}

/** A member that already holds one of the proofs, with all it holds. */
export interface Holder {
  memberId: string
  identities: HeldIdentity[]
  lastActiveAt: Date
  joinedAt: Date
}

export type Resolution =
  | { kind: 'create' }
  | { kind: 'attach'; memberId: string }
  /** One person, two records: `survivor` keeps the number, `other` moves into it. */
  | { kind: 'merge'; survivorId: string; otherId: string; because: 'unionid' | 'phone_active' | 'phone_fresh' }
  /** The phone's old holder may be this person: history waits for a second proof, the phone moves now. */
  | { kind: 'second_proof'; memberId: string | null; holderId: string }
  /** The phone's old holder is somebody else: only the phone moves. */
  | { kind: 'move_phone'; memberId: string | null; holderId: string }

const has = (holder: Holder, proof: Proof) =>
  holder.identities.some(
    (own) => own.kind === proof.kind && own.issuer === proof.issuer && own.subject === proof.subject,
  )

const wechatOf = (identities: Proof[]) =>
  identities.filter(({ kind }) => kind === 'wechat_openid' || kind === 'wechat_unionid')

/** Both sides name a different WeChat person: two unionids, or two openids of one app. */
export function differentWechatPerson(mine: Proof[], theirs: Proof[]): boolean {
  const sameUnion = mine.some(
    (a) => a.kind === 'wechat_unionid' && theirs.some((b) => b.kind === a.kind && b.subject === a.subject),
  )
  if (sameUnion) return false
  const [my, their] = [wechatOf(mine), wechatOf(theirs)]
  return my.some((a) => their.some((b) => a.kind === b.kind && a.issuer === b.issuer && a.subject !== b.subject))
}

/** The member with a WeChat identity survives, then the older one, then the smaller id. */
export function survivorOf(a: Holder, b: Holder): [survivor: Holder, other: Holder] {
  const wechat = (holder: Holder) => Number(wechatOf(holder.identities).length > 0)
  const order =
    wechat(b) - wechat(a) || a.joinedAt.getTime() - b.joinedAt.getTime() || (a.memberId < b.memberId ? -1 : 1)
  return order <= 0 ? [a, b] : [b, a]
}

/**
 * What to do with these proofs. `holders` are the members (at most one per proof) that hold any of them;
 * `me` is the signed-in member when there is one.
 */
export function resolveIdentity(
  proofs: Proof[],
  holders: Holder[],
  now: Date,
  policy: Policy,
  me?: Holder,
): Resolution {
  const byWechat = holders.filter((holder) => wechatOf(proofs).some((proof) => has(holder, proof)))
  const self = me ?? byWechat[0]
  const twin = byWechat.find((holder) => self && holder.memberId !== self.memberId)
  if (self && twin) {
    const [survivor, other] = survivorOf(self, twin)
    return { kind: 'merge', survivorId: survivor.memberId, otherId: other.memberId, because: 'unionid' }
  }
  const phone = proofs.find(({ kind }) => kind === 'phone')
  const phoneHolder = phone && holders.find((holder) => has(holder, phone) && holder.memberId !== self?.memberId)
  if (!phone || !phoneHolder) return self ? { kind: 'attach', memberId: self.memberId } : { kind: 'create' }
  return resolvePhone({ proofs, phone, phoneHolder, self, now, policy })
}

interface PhoneQuestion {
  proofs: Proof[]
  phone: Proof
  phoneHolder: Holder
  self: Holder | undefined
  now: Date
  policy: Policy
}

function resolvePhone({ proofs, phone, phoneHolder, self, now, policy }: PhoneQuestion): Resolution {
  const memberId = self?.memberId ?? null
  const holderId = phoneHolder.memberId
  const mine = [...wechatOf(proofs), ...wechatOf(self?.identities ?? [])]
  const theirs = wechatOf(phoneHolder.identities)
  const same = (because: 'phone_active' | 'phone_fresh'): Resolution => {
    if (!self) return { kind: 'attach', memberId: holderId }
    const [survivor, other] = survivorOf(self, phoneHolder)
    return { kind: 'merge', survivorId: survivor.memberId, otherId: other.memberId, because }
  }
  if (mine.length > 0 && differentWechatPerson(mine, theirs)) return { kind: 'move_phone', memberId, holderId }
  const silent = now.getTime() - phoneHolder.lastActiveAt.getTime() >= policy.phoneSilentDays * DAY_MS
  // between two records a WeChat person known on one side only may be anybody: then both proofs must be fresh
  if (theirs.length === 0 || (!self && mine.length === 0))
    return silent ? { kind: 'second_proof', memberId, holderId } : same('phone_active')
  const provenAt = phoneHolder.identities.find((own) => own.kind === 'phone' && own.subject === phone.subject)?.provenAt
  const fresh = provenAt && now.getTime() - provenAt.getTime() <= policy.phoneFreshDays * DAY_MS
  return fresh && !silent ? same('phone_fresh') : { kind: 'second_proof', memberId, holderId }
}
