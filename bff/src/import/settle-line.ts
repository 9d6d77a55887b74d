import { type Holder, type KeptApart, type Proof, type Resolution, resolveIdentity } from '@huiyuan/shared/identity'
import type { Ctx, ProvenIdentity } from '../ctx'
import { mergeMember, openClaim } from '../member'
import type { Column } from './columns'
import { knownCall, peopleCall, printedNumbers } from './import-rows'
import type { Problem } from './parse-line'
import type { GoodLine } from './prepare-line'

export interface KnownHolder extends Holder {
  status: string
}

/** What the database knows of some lines, all of it at one glance. */
export interface Looked {
  /** What each line that had its effect brought, by source. */
  done: Record<string, string>
  holders: KnownHolder[]
  apart: KeptApart
  /** Whose a printed number is. */
  numbers: Record<string, string>
}

export type Outcome =
  | { kind: 'created' | 'added'; merged: number; waits: boolean; notes: Problem[] }
  | { kind: 'repeated'; notes: Problem[] }
  | { kind: 'refused'; notes: Problem[] }

const WORDS = {
  differs: '这个编号以前已经收下过，这次的积分、成长值或等级不一样，没有改动',
  number: '这个卡号已经印在另一位会员的卡上',
  other_wechat: '这些号码属于两个不同的微信，不能合成一位会员',
  kept_apart: '客服已经把这两份会员记录分开，不再合并',
  blocked: {
    two_jobs: '要合并的两份记录都是在职店员，请先在后台处理',
    leaving: '其中一位会员正在注销',
    not_active: '这位会员已经注销或停用',
  } as Record<string, string>,
  phoneAway: '这个手机号现在是另一位会员的，太久没有来过的记录不能凭手机号合并',
  phoneWaits: '这个手机号现在是另一位会员的：先不带手机号收下，等本人用卡号后四位确认',
  phoneKept: '这位会员已经有别的手机号，保留原来的',
}

const is = (a: Proof) => (b: Proof) => a.kind === b.kind && a.issuer === b.issuer && a.subject === b.subject
export const has = (holder: Holder, proof: Proof): boolean => holder.identities.some(is(proof))

interface JsonLooked extends Omit<Looked, 'apart' | 'holders'> {
  apart: [string, string][]
  holders: (Omit<KnownHolder, 'joinedAt' | 'lastActiveAt' | 'identities'> & {
    joinedAt: string
    lastActiveAt: string
    identities: (Proof & { provenAt: string })[] | null
  })[]
}

/** Asks for everything about these lines in one call; their proofs are locked. */
export async function lookAt(tx: Ctx, lines: GoodLine[]): Promise<Looked> {
  const proofs = lines.flatMap(({ sure, phone }) => (phone ? [...sure, phone] : sure))
  const { apart, holders, ...looked } = await tx.sql<JsonLooked>('import_look', {
    sources: lines.map(({ source }) => source),
    proofs: proofs.map(({ kind, issuer, subject }) => ({ kind, issuer, subject })),
    numbers: lines.flatMap(printedNumbers),
  })
  const pairs = new Set(apart.map((pair) => pair.join(' ')))
  return {
    ...looked,
    apart: (one, other) => pairs.has(`${one} ${other}`),
    holders: holders.map(({ joinedAt, lastActiveAt, identities, ...holder }) => ({
      ...holder,
      joinedAt: new Date(joinedAt),
      lastActiveAt: new Date(lastActiveAt),
      identities: (identities ?? []).map((one) => ({ ...one, provenAt: new Date(one.provenAt) })),
    })),
  }
}

/** Whether this line had its effect before, and whether it says the same as then. */
export function repeatedOutcome({ source, figures }: GoodLine, { done }: Looked): Outcome | null {
  const before = done[source]
  if (before === undefined) return null
  return {
    kind: 'repeated',
    notes: before === '' || before === figures ? [] : [{ column: null, words: WORDS.differs }],
  }
}

const refused = (words: string, column: Column | null = null): Outcome => ({
  kind: 'refused',
  notes: [{ column, words }],
})

/**
 * Takes in one line that touches somebody who is known: merges as the rule says, then adds to that member or makes a new one.
 * A phone in a list was not proven now. It opens only for whom the list has seen lately, as a card that had been there before
 * would open only then, and it never leaves who has it.
 */
export async function settleLine(tx: Ctx, good: GoodLine, startedAt: Date): Promise<Outcome> {
  for (let merged = 0; ; merged++) {
    const looked = await lookAt(tx, [good])
    const before = repeatedOutcome(good, looked)
    if (before) return before
    const found = resolved(tx, good, looked)
    if (found.kind === 'refuse') return refused(WORDS[found.because])
    if (found.kind !== 'merge') return takeLine(tx, good, { looked, found, merged, startedAt })
    const words = await mergeWords(tx, found.survivorId, found.otherId, looked)
    if (words) return refused(words)
  }
}

function resolved(tx: Ctx, { sure, phone, silent }: GoodLine, { holders, apart }: Looked): Resolution {
  const proofs = phone && !silent ? [...sure, phone] : sure
  const held = holders.filter((holder) => proofs.some((proof) => has(holder, proof)))
  return resolveIdentity(proofs, held, tx.now(), tx.policy, undefined, apart)
}

/** Merges the two, or says what stands in the way. Being on a list is no visit: the survivor is as silent as before. */
async function mergeWords(tx: Ctx, survivorId: string, otherId: string, { holders }: Looked): Promise<string | null> {
  const [blocked] = await tx.sql<{ blocker: string }[]>('merge_blockers', { from: otherId, to: survivorId })
  if (blocked) return WORDS.blocked[blocked.blocker] ?? WORDS.blocked.not_active ?? null
  await mergeMember(tx, survivorId, otherId, { because: 'import' })
  const pair = holders.filter(({ memberId }) => memberId === survivorId || memberId === otherId)
  const lastActiveAt = new Date(Math.max(...pair.map((one) => one.lastActiveAt.getTime())))
  await tx.db.member.update({ where: { memberId: survivorId }, data: { lastActiveAt } })
  return null
}

interface Found {
  looked: Looked
  found: Exclude<Resolution, { kind: 'merge' | 'refuse' }>
  merged: number
  startedAt: Date
}

async function takeLine(tx: Ctx, good: GoodLine, { looked, found, merged, startedAt }: Found): Promise<Outcome> {
  const memberId = found.kind === 'create' ? null : found.memberId
  const member = looked.holders.find((one) => one.memberId === memberId)
  if (member && member.status !== 'active') return refused(WORDS.blocked.not_active as string)
  const owners = printedNumbers(good).map((number) => looked.numbers[number])
  if (owners.some((owner) => owner !== undefined && owner !== memberId)) return refused(WORDS.number, 'cards')
  const phone = phoneOf(good, member, looked)
  if (phone.waits && good.sure.length === 0) return refused(WORDS.phoneAway, 'phone')
  const take: ProvenIdentity[] = [...good.sure.filter((proof) => !member || !has(member, proof)), ...phone.take]
  const line = { good, take }
  let ownId = memberId
  if (memberId) {
    const numbers = printedNumbers(good).filter((number) => looked.numbers[number] === undefined)
    await tx.sql('import_known', knownCall(tx, good, { memberId, take, numbers }, startedAt))
  } else {
    const call = peopleCall(tx, [line], startedAt)
    await tx.sql('import_people', call)
    ownId = (call.people as { memberId: string }[])[0]?.memberId ?? null
  }
  if (phone.waits && ownId) await letWait(tx, ownId, phone.waits, found)
  return { kind: memberId ? 'added' : 'created', merged, waits: phone.waits !== null, notes: phone.notes }
}

interface PhoneSaid {
  take: ProvenIdentity[]
  /** Who has it. */
  waits: string | null
  notes: Problem[]
}

function phoneOf({ phone }: GoodLine, member: KnownHolder | undefined, { holders }: Looked): PhoneSaid {
  const none = { take: [], waits: null, notes: [] }
  if (!phone || (member && has(member, phone))) return none
  const owner = holders.find((one) => has(one, phone))
  if (owner) return { take: [], waits: owner.memberId, notes: [{ column: 'phone', words: WORDS.phoneWaits }] }
  if (member?.identities.some(({ kind }) => kind === 'phone'))
    return { ...none, notes: [{ column: 'phone', words: WORDS.phoneKept }] }
  return { ...none, take: [phone] }
}

/** Whoever has the phone may say that the card is theirs, unless they are known to be somebody else. */
async function letWait(tx: Ctx, cardId: string, phoneHolderId: string, found: Found['found']): Promise<void> {
  if (found.kind === 'move_phone') return
  const because = found.kind === 'second_proof' ? found.because : 'silent'
  await openClaim(tx, phoneHolderId, { holderId: cardId, because })
}
