import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { keysFrom } from '../../bff/src/keys'
import { orderRefOf } from '../../bff/src/order/order-ref'
import { memberRefOf } from '../../bff/src/visit'
import { addStrangers } from '../story/demo-people.fixture'
import { clientOf, faultOf, join as joinHouse, signIn } from '../support/running-house'
import type { KillGround } from './kill-ground.fixture'

export const VERBS = ['settle', 'exchange', 'cancel', 'return'] as const
type Verb = (typeof VERBS)[number]

/** One command as the client keeps it. `about` is the order or the redemption that is taken back. */
export interface Command {
  verb: Verb
  requestId: string
  customer: number
  about?: string
}

/** A command and what the server said to it; only what has reached the disk counts as heard. */
export interface Heard {
  command: Command
  answer: Record<string, unknown>
}

/** What became of a command: an answer, a refusal that wrote nothing, or nobody knows. */
export type Ending = { answer: Record<string, unknown> } | { refused: string } | null

interface Customer {
  memberId: string
  token: string
  visitId: string
}

const REWARDS = ['kill_cup', 'kill_bowl']
const PRICE = 60
/** More points than a load can spend, so that only stock and state decide. */
const PURSE = 10_000_000
/** A fault after which nobody knows whether the command was done. */
const UNKNOWN = /^(SERVICE_AWAY|BUSY|NO_FAULT)/

/** Customers and a clerk at their phones and till, and the file in which they note what they heard. */
export class KillLoad {
  readonly sent: Command[] = []
  readonly heard: Heard[] = []
  /** Answered or refused. */
  readonly ended = new Set<Command>()
  readonly file: string
  readonly #ground: KillGround
  readonly #note: number
  readonly #keys: ReturnType<typeof keysFrom>
  #customers: Customer[] = []
  #clerk = { memberId: '', token: '' }
  /** What can be taken back, by customer. */
  #orders: string[][] = []
  #redemptions: string[][] = []

  constructor(ground: KillGround, folder: string) {
    this.#ground = ground
    this.file = join(folder, 'heard.jsonl')
    this.#note = openSync(this.file, 'a')
    this.#keys = keysFrom(ground.house.masterKey)
  }

  async open(customers: number): Promise<void> {
    const { house, serverUrl, databaseUrl } = this.#ground
    const clerk = await signIn(house.sandbox, serverUrl, 'qing')
    this.#clerk = { memberId: clerk.memberId, token: clerk.token as string }
    for (const key of addStrangers(house, customers)) {
      const { memberId, token } = await joinHouse(house.sandbox, serverUrl, key)
      this.#customers.push({ memberId, token: token as string, visitId: randomUUID() })
    }
    this.#orders = this.#customers.map(() => [])
    this.#redemptions = this.#customers.map(() => [])
    await runOnce(databaseUrl, PURSES, [this.#customers.map(({ memberId }) => memberId), PURSE])
    const visits = this.#customers.map(({ visitId }) => visitId)
    await runOnce(databaseUrl, VISITS, [this.#customers.map(({ memberId }) => memberId), visits, clerk.memberId])
    await runOnce(databaseUrl, SHELF, [PRICE])
    await runOnce(databaseUrl, PIECES)
    await runOnce(databaseUrl, 'VACUUM ANALYZE')
  }

  close(): void {
    closeSync(this.#note)
  }

  /** Sends one command after the other until one stays without an answer. */
  async work(customer: number, stopped: () => boolean): Promise<void> {
    for (let turn = customer; !stopped(); turn++) {
      const command = this.#next(customer, turn)
      this.sent.push(command)
      const ending = await this.send(command)
      if (ending === null) return
      this.ended.add(command)
      if ('answer' in ending) this.hear(command, ending.answer)
    }
  }

  #next(customer: number, turn: number): Command {
    const requestId = randomUUID()
    const verb = VERBS[turn % VERBS.length] as Verb
    if (verb === 'settle' || verb === 'exchange') return { verb, requestId, customer }
    const about = (verb === 'cancel' ? this.#redemptions : this.#orders)[customer]?.shift()
    return about ? { verb, requestId, customer, about } : { verb: 'settle', requestId, customer }
  }

  /** On the disk first; then it was heard. */
  hear(command: Command, answer: Record<string, unknown>): void {
    writeSync(this.#note, `${JSON.stringify({ command, answer })}\n`)
    fsyncSync(this.#note)
    this.heard.push({ command, answer })
    const made = idOf(command, answer)
    // half of them stay as they are
    if (this.heard.length % 2 === 0) return
    if (command.verb === 'settle') this.#orders[command.customer]?.push(made)
    if (command.verb === 'exchange') this.#redemptions[command.customer]?.push(made)
  }

  /** What a client that lost its memory would know. */
  read(): Heard[] {
    const lines = readFileSync(this.file, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as Heard)
  }

  async send(command: Command): Promise<Ending> {
    const call = this.#call(command)
    try {
      return { answer: JSON.parse(JSON.stringify(await call)) }
    } catch {
      const { code } = await faultOf(call)
      return UNKNOWN.test(code) ? null : { refused: code }
    }
  }

  #call({ verb, requestId, customer, about }: Command): Promise<unknown> {
    const { memberId, token, visitId } = this.#customers[customer] as Customer
    const mine = clientOf(this.#ground.serverUrl, () => token)
    const till = clientOf(this.#ground.serverUrl, () => this.#clerk.token)
    switch (verb) {
      case 'settle': {
        const memberRef = memberRefOf(this.#keys, visitId, memberId)
        return till.order.settle.mutate({ requestId, visitId, memberRef, amountFen: 1_000 + 100 * customer })
      }
      case 'return': {
        const orderRef = orderRefOf(this.#keys, { memberId, orderId: about as string, visitId: null })
        return till.order.return.mutate({ requestId, orderRef })
      }
      case 'exchange':
        return mine.mall.exchange.mutate({ requestId, rewardId: REWARDS[customer % 2] as string, points: PRICE })
      case 'cancel':
        return mine.mall.cancel.mutate({ requestId, redemptionId: about as string })
    }
  }

  get members(): string[] {
    return this.#customers.map(({ memberId }) => memberId)
  }
}

/** The order or redemption that an answer is about. */
export function idOf({ verb, about }: Command, answer: Record<string, unknown>): string {
  if (verb === 'settle') return answer.orderId as string
  if (verb === 'exchange') return (answer.redemption as { redemptionId: string }).redemptionId
  return about as string
}

const PURSES = `SELECT ledger_award(jsonb_build_object('memberId', id, 'at', now(), 'kind', 'opening', 'sourceId', id,
  'points', $2::int, 'growth', 0, 'activeAt', now(), 'expiresAt', now() + interval '1 year', 'reason', 'opening', 'detail', '{}'::jsonb))
  FROM unnest($1::uuid[]) id`
const VISITS = `INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
  SELECT stay.member_id, visit_id, s.store_id, (SELECT min(till_id) FROM till t WHERE t.store_id = s.store_id), s.member_id, 'code',
         left(visit_id::text, 10), 1, now(), now() + interval '1 day'
  FROM unnest($1::uuid[], $2::uuid[]) stay (member_id, visit_id), staff s WHERE s.member_id = $3`
const SHELF = `INSERT INTO reward (reward_id, title, subtitle, art, kind, points, stock_total, numbered, public_at, rules)
  VALUES ('${REWARDS[0]}', '桂花乌龙', '现泡一杯', 'cup', 'pickup', $1, NULL, false, now() - interval '1 day', '任一门店领取。'),
         ('${REWARDS[1]}', '编号茶碗', '每只有编号', 'bowl_green', 'pickup', $1, 50000, true, now() - interval '1 day', '任一门店领取。')`
const PIECES = `INSERT INTO reward_piece (reward_id, piece_no) SELECT '${REWARDS[1]}', n FROM generate_series(1, 50000) n`
