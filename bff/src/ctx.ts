import { createHash } from 'node:crypto'
import type { PrismaClient } from '@huiyuan/prisma/client'
import type { Proof } from '@huiyuan/shared/identity'
import type { Policy } from '@huiyuan/shared/policy'
import type { Logger } from 'pino'
import { type Db, type Sql, sqlInside } from './db'
import type { Keys } from './keys'
import type { Outside } from './outside'
import type { PictureStore } from './picture-store'
import { refuse, toRefusal } from './refusal'
import type { Wechat } from './wechat'

/** Where somebody came from, kept from the first tap to joining. */
export interface Arrival {
  channel: string
  link?: string | undefined
  storeId?: string | undefined
  scene?: number | undefined
  /** When the link was opened, in epoch milliseconds, as the phone says. */
  openedAt?: number | undefined
  /** The article that it led to. */
  article?: string | undefined
}

/** A person before consent: only what the sealed guest token carries. */
export interface Guest {
  kind: 'guest'
  guestId: string
  proofs: ProvenIdentity[]
  arrival: Arrival
}

/** A proof together with its readable form, where the subject is a hash. */
export interface ProvenIdentity extends Proof {
  readable?: string | undefined
}

export type Actor =
  | { kind: 'nobody' }
  | Guest
  | { kind: 'member'; memberId: string; sessionId: string }
  /** A till system at a till of a store, whichever of its keys signs: a new key repeats what was sent under the old one. */
  | { kind: 'till'; storeId: string; tillId: string }

/** Sends one text to one phone; a provider is one function. */
export type SendText = (phone: string, text: string) => Promise<void>

/** Something that happened, told to other nouns inside the writing transaction. */
export interface Events {
  'member.joined': { memberId: string; at: Date; arrival: Arrival }
  'order.settled': {
    memberId: string
    orderId: string
    amountFen: number
    points: number
    growth: number
    activeAt: Date
    at: Date
    /** Who paid, as hashes. */
    payerPrints?: { kind: string; print: string; former?: string[] }[]
  }
  /** Whole or a part of it: the statement tells each call what is left, as `leftFen`. */
  'order.returned': { memberId: string; orderId: string; at: Date }
  /** Somebody has shown up: one more confirmed step of an obligation. */
  'obligation.attended': { memberId: string; obligationId: string; proofId: string; at: Date }
  /** Called something else on the card. */
  'member.renamed': { memberId: string; at: Date }
  'gift.opened': { memberId: string; givenId: string; giftId: string; at: Date }
  /** A picture was looked at, or taken back (`removed`). The statement tells each call whose it is by now, and which hand-in shows it, as `usedBy`. */
  'upload.checked': { memberId: string; verdict: 'passed' | 'doubtful' | 'refused' | 'removed'; at: Date }
}

/** One call of a plpgsql function, run along with the write that it answers to; prisma/functions/handlers.sql lists them. */
export interface SqlCall {
  fn: string
  args: Record<string, unknown>
}

export type EventHandlers = {
  [E in keyof Events]: ((event: Events[E], policy: Policy) => SqlCall[])[]
}

/** What the nouns are told about each other; put together in registry.ts. */
export interface Registry {
  handlers: EventHandlers
  /** plpgsql functions that give a new member {memberId, at, validUntil} its rows in other nouns. */
  openSteps: string[]
  /** plpgsql functions that move a noun's rows {from, to, at, …} when two members turn out to be one person. */
  mergeSteps: string[]
  /** Their counterparts, which bring them back {from, to, at, moved, …} when the merge is undone. */
  undoSteps: string[]
  /** plpgsql functions that take away what a noun knows of somebody who leaves {memberId, records, at, …}. */
  eraseSteps: string[]
}

/** Everything that outlives a request. */
export interface House {
  prisma: PrismaClient
  sql: Sql
  now: () => Date
  wechat: Wechat
  weappId: string
  oaAppId: string
  /** template key → WeChat's template id */
  templates: Record<string, string>
  sendText: SendText
  /** What the server may call by itself. */
  outside: Outside
  /** What members handed in. */
  pictures: PictureStore
  /** Where the outside finds this server: an origin, without a slash behind it. */
  publicUrl: string
  keys: Keys
  policy: Policy
  registry: Registry
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

export interface Ctx extends Omit<House, 'prisma' | 'log'> {
  house: House
  db: Db
  actor: Actor
  clientIp: string
  /** Set inside a transaction; an inner inTx joins it. */
  inside: boolean
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** The ctx of one request, or of a job when nobody asks. */
export const ctxOf = (house: House, actor: Actor = { kind: 'nobody' }, clientIp = '', log = house.log): Ctx => ({
  ...house,
  house,
  db: house.prisma,
  actor,
  clientIp,
  inside: false,
  log,
})

/** Runs `work` in one transaction, or in the outer one when there is one. */
export async function inTx<T>(ctx: Ctx, work: (tx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.inside) return work(ctx)
  try {
    return await ctx.house.prisma.$transaction((db) => work({ ...ctx, db, sql: sqlInside(db), inside: true }))
  } catch (error) {
    throw toRefusal(error)
  }
}

/** What the handlers of an event want written along. */
export const alongOf = <E extends keyof Events>(ctx: Ctx, name: E, event: Events[E]): SqlCall[] =>
  ctx.registry.handlers[name].flatMap((handler) => handler(event, ctx.policy))

/** Tells an event inside the current transaction. */
export async function tell<E extends keyof Events>(tx: Ctx, name: E, event: Events[E]): Promise<void> {
  const along = alongOf(tx, name, event)
  if (along.length > 0) await tx.sql('run_handlers', along)
}

/** A member's own id. @throws SESSION_NEEDED for anybody else */
export function memberIdOf(ctx: Ctx): string {
  return ctx.actor.kind === 'member' ? ctx.actor.memberId : refuse('SESSION_NEEDED')
}

export interface Command {
  actor: string
  verb: string
  requestId: string
  bodyHash: string
  /** The same body under the other keys, while they rotate. */
  otherHashes?: string[]
  at: Date
}

function actorKey(actor: Actor): string {
  if (actor.kind === 'member') return `m:${actor.memberId}`
  if (actor.kind === 'guest') return `g:${actor.guestId}`
  return actor.kind === 'till' ? `k:${actor.storeId}:${actor.tillId}` : 'nobody'
}

/** Names a command for its replay: who, which verb, which id, and a keyed hash of what was asked. */
export function commandOf(ctx: Ctx, verb: string, { requestId, ...body }: { requestId: string }): Command {
  const stable = JSON.stringify(body, (_key, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  const [bodyHash = '', ...otherHashes] = ctx.keys
    .keys('body')
    .map((key) => createHash('sha256').update(key).update(stable).digest('hex'))
  const command = { actor: actorKey(ctx.actor), verb, requestId, bodyHash, at: ctx.now() }
  return otherHashes.length > 0 ? { ...command, otherHashes } : command
}

/** Runs a command once, in a transaction; sent again, it gives the stored answer. `work` must answer plain JSON. */
export const once = <Answer>(ctx: Ctx, command: Command, work: (tx: Ctx) => Promise<Answer>): Promise<Answer> =>
  inTx(ctx, async (tx) => {
    const known = await tx.sql<Answer | null>('request_begin', command)
    if (known !== null) return known
    return tx.sql<Answer>('request_end_of', { command, answer: await work(tx) })
  })
