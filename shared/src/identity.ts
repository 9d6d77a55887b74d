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

/** Why two records are one person. `cards`: two plastic cards that one phone has proven. */
export type MergeReason = 'unionid' | 'openid' | 'card_shown' | 'external' | 'cards' | 'phone_active' | 'phone_fresh'

/** Everything but `attach` says why. `memberId` null: nobody yet, so a new member takes what `proofsFor` gives. */
export type Resolution =
  | { kind: 'create'; because: 'nobody_known' }
  | { kind: 'attach'; memberId: string }
  /** One person, two records: `survivor` keeps the number, `other` moves into it. Ask again afterwards: there may be more. */
  | { kind: 'merge'; survivorId: string; otherId: string; because: MergeReason }
  /** The phone's holder may be this person: history waits for a second proof, and with `phoneMoves` false the phone too. */
  | {
      kind: 'second_proof'
      memberId: string | null
      holderId: string
      because: 'silent' | 'wechat_unknown'
      phoneMoves: boolean
    }
  /** The phone's old holder is somebody else: only the phone moves. */
  | { kind: 'move_phone'; memberId: string | null; holderId: string; because: 'other_wechat' | 'kept_apart' }
  /** The proofs are of two people: nothing is attached. `holderId` has one of them; null when nobody does yet. */
  | { kind: 'refuse'; memberId: string | null; holderId: string | null; because: 'other_wechat' | 'kept_apart' }

/** Whether an operator has separated these two before: then no rule makes them one again. */
export type KeptApart = (oneId: string, otherId: string) => boolean

const is = (a: Proof, b: Proof) => a.kind === b.kind && a.issuer === b.issuer && a.subject === b.subject
const has = (holder: Holder, proof: Proof) => holder.identities.some((own) => is(own, proof))

const wechatOf = (identities: Proof[]) =>
  identities.filter(({ kind }) => kind === 'wechat_openid' || kind === 'wechat_unionid')

/** Both sides name a different WeChat person: two unionids, or two openids of one app. */
export function differentWechatPerson(mine: Proof[], theirs: Proof[]): boolean {
  const sameUnion = mine.some((a) => a.kind === 'wechat_unionid' && theirs.some((b) => is(a, b)))
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
 * `me` is the signed-in member when there is one. Total: any input has an answer, whatever the order it is read in.
 */
export function resolveIdentity(
  proofs: Proof[],
  holders: Holder[],
  now: Date,
  policy: Policy,
  me?: Holder,
  keptApart: KeptApart = () => false,
): Resolution {
  const others = holders.filter(({ memberId }) => memberId !== me?.memberId).sort(byId)
  const sure = sureOf(proofs, me ? [me, ...others] : others)
  const self = me ?? sure[0]?.holder
  const said = self && resolveSure({ proofs, sure, self, me, keptApart })
  if (said) return said
  const phone = proofs.filter(({ kind }) => kind === 'phone').at(-1)
  const holder = phone && others.find((one) => has(one, phone) && one.memberId !== self?.memberId)
  if (phone && holder) return resolvePhone({ proofs, phone, holder, self, now, policy, keptApart })
  return self ? { kind: 'attach', memberId: self.memberId } : { kind: 'create', because: 'nobody_known' }
}

/** The proofs that `found` lets its member take; `holders` as they were when it was found. */
export function proofsFor<P extends Proof>(found: Resolution, proofs: P[], holders: Holder[]): P[] {
  if (found.kind === 'merge' || found.kind === 'refuse') return []
  const memberId = found.kind === 'create' ? null : found.memberId
  const phoneStays = found.kind === 'second_proof' && !found.phoneMoves
  // a unionid stays with the record that an operator has separated from this one
  const isTheirs = (proof: Proof) => holders.some((one) => one.memberId !== memberId && has(one, proof))
  return proofs.filter((proof) => (proof.kind === 'phone' ? !phoneStays : !isTheirs(proof)))
}

/** What no network hands on to somebody else, in the order in which it tells whose sign-in this is. */
const SURE: Partial<Record<IdentityKind, { rank: number; because: MergeReason }>> = {
  wechat_openid: { rank: 0, because: 'openid' },
  wechat_unionid: { rank: 1, because: 'unionid' },
  store_card: { rank: 2, because: 'card_shown' },
  external: { rank: 3, because: 'external' },
}

interface Sure {
  proof: Proof
  holder: Holder
  rank: number
  because: MergeReason
}

const byId = (a: Holder, b: Holder) => (a.memberId < b.memberId ? -1 : 1)
const text = ({ issuer, subject }: Proof) => `${issuer} ${subject}`

/** The sure proofs that somebody holds, with who does. */
const sureOf = (proofs: Proof[], people: Holder[]): Sure[] =>
  proofs
    .flatMap((proof): Sure[] => {
      const [kind, holder] = [SURE[proof.kind], people.find((one) => has(one, proof))]
      return kind && holder ? [{ proof, holder, ...kind }] : []
    })
    .sort((a, b) => a.rank - b.rank || (text(a.proof) < text(b.proof) ? -1 : 1))

const mergeOf = (a: Holder, b: Holder, because: MergeReason): Resolution => {
  const [survivor, other] = survivorOf(a, b)
  return { kind: 'merge', survivorId: survivor.memberId, otherId: other.memberId, because }
}

interface SureQuestion {
  proofs: Proof[]
  sure: Sure[]
  self: Holder
  me: Holder | undefined
  keptApart: KeptApart
}

/** What the sure proofs say by themselves; undefined: they all fit `self`. */
function resolveSure({ proofs, sure, self, me, keptApart }: SureQuestion): Resolution | undefined {
  const memberId = me?.memberId ?? null
  const theirs = sure.filter(({ holder }) => holder.memberId !== self.memberId)
  const vouched = wechatOf(proofs).some((proof) => has(self, proof))
  // somebody else's WeChat beside this member's session or card
  if (!vouched && differentWechatPerson(self.identities, wechatOf(proofs)))
    return {
      kind: 'refuse',
      memberId,
      holderId: me ? (theirs[0]?.holder.memberId ?? null) : self.memberId,
      because: 'other_wechat',
    }
  const ownOpenid = proofs.some((proof) => proof.kind === 'wechat_openid' && has(self, proof))
  for (const { proof, holder, because } of theirs) {
    const holderId = holder.memberId
    // WeChat says in one breath that this openid and this unionid are one person
    const sameBreath = proof.kind === 'wechat_unionid' && ownOpenid
    if (keptApart(self.memberId, holderId)) {
      if (sameBreath) continue
      return { kind: 'refuse', memberId, holderId, because: 'kept_apart' }
    }
    const different =
      differentWechatPerson(self.identities, holder.identities) || differentWechatPerson(proofs, holder.identities)
    if (different && !sameBreath) return { kind: 'refuse', memberId, holderId, because: 'other_wechat' }
    return mergeOf(self, holder, because)
  }
  return undefined
}

interface PhoneQuestion {
  proofs: Proof[]
  phone: Proof
  holder: Holder
  self: Holder | undefined
  now: Date
  policy: Policy
  keptApart: KeptApart
}

function resolvePhone({ proofs, phone, holder, self, now, policy, keptApart }: PhoneQuestion): Resolution {
  const memberId = self?.memberId ?? null
  const holderId = holder.memberId
  if (self && keptApart(self.memberId, holderId))
    return { kind: 'move_phone', memberId, holderId, because: 'kept_apart' }
  const mine = wechatOf([...proofs, ...(self?.identities ?? [])])
  const theirs = wechatOf(holder.identities)
  if (differentWechatPerson(mine, theirs)) return { kind: 'move_phone', memberId, holderId, because: 'other_wechat' }
  const same = (because: MergeReason): Resolution =>
    self ? mergeOf(self, holder, because) : { kind: 'attach', memberId: holderId }
  const waits = (because: 'silent' | 'wechat_unknown'): Resolution => ({
    kind: 'second_proof',
    memberId,
    holderId,
    because,
    phoneMoves: because === 'silent',
  })
  const silent = now.getTime() - holder.lastActiveAt.getTime() >= policy.phoneSilentDays * DAY_MS
  const provenAt = holder.identities.find((own) => is(own, phone))?.provenAt
  const fresh = !silent && provenAt && now.getTime() - provenAt.getTime() <= policy.phoneFreshDays * DAY_MS
  // maybe one person's two doors: neither may take the phone from the other, however long one was away
  if (mine.length > 0 && theirs.length > 0) return fresh ? same('phone_fresh') : waits('wechat_unknown')
  if (silent) return waits('silent')
  if (theirs.length === 0) return same(self && isCardOnly(self) && isCardOnly(holder) ? 'cards' : 'phone_active')
  // a guest with a text message comes to whom the phone leads; a record of its own, to a WeChat person, only when fresh
  return !self || fresh ? same('phone_fresh') : waits('wechat_unknown')
}

const isCardOnly = ({ identities }: Holder) =>
  wechatOf(identities).length === 0 && identities.some(({ kind }) => kind === 'store_card')
