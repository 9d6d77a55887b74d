import { randomUUID } from 'node:crypto'
import type { TestHouse } from '../../../test/support/people'
import { type Ctx, ctxOf, type House, inTx } from '../ctx'
import { cancelRedemption, graceUntil } from '../mall/cancel-redemption'
import { exchangeReward } from '../mall/exchange-reward'
import { mergeMember } from '../member'
import { orderRefOf } from '../order/order-ref'
import { returnOrder } from '../order/return-order'
import { settleOrder } from '../order/settle-order'
import { Refusal } from '../refusal'
import { memberRefOf } from '../visit'
import { type Act, type Done, keyOf, type Outcome, sheetsAfter } from './ledger-property-acts.fixture'
import { type Lane, openMembers, openRewards, openVisits } from './ledger-property-lane.fixture'
import { emptyPaper, type Paper, type PaperReward } from './ledger-property-sheet.fixture'
import { storedDifference } from './ledger-property-stored.fixture'
import type { Step, Wish } from './ledger-property-wishes.fixture'

const DAY = 86_400_000

/** One sequence: three members, three rewards and a clock of its own. What was done stands in `log`. */
export class Sequence {
  readonly log: string[] = []
  readonly #lane: Lane
  #at: number
  #tick = 0
  #members: string[] = []
  #rewards: Record<string, PaperReward> = {}
  #visits: Record<string, string> = {}
  #mergedInto: Record<string, string> = {}
  #awards: Extract<Act, { do: 'award' }>[] = []
  #spends: Extract<Act, { do: 'spend' }>[] = []
  #orders: Extract<Act, { do: 'buy' }>[] = []
  #exchanges: Extract<Act, { do: 'exchange' }>[] = []
  /** requestId → the id of the order or the redemption it made */
  #ids: Record<string, string> = {}
  #sheets: Paper[] = []
  #turn = 0

  constructor(lane: Lane) {
    this.#lane = lane
    this.#at = lane.houses[0].clock.at.getTime()
  }

  /** Does every step, holding it against the paper, then the end against what is stored. @throws Error in words */
  async run(steps: Step[]): Promise<Done[]> {
    const all: Done[] = []
    await this.#open()
    for (const step of steps) {
      all.push(...(await this.#step(step)))
      this.#at += step.thenMinutes * 60_000
    }
    const known = { members: this.#members, rewards: Object.keys(this.#rewards), ids: this.#ids }
    const difference = await storedDifference(this.#lane.pool, known, this.#sheets)
    if (difference !== null) throw new Error(`${difference}\n${this.log.join('\n')}`)
    return all
  }

  async #open(): Promise<void> {
    const at = new Date(this.#at)
    this.#members = await openMembers(this.#lane, at)
    this.#visits = await openVisits(this.#lane, this.#members, at)
    this.#rewards = await openRewards(this.#ctx())
    this.#sheets = [emptyPaper(this.#members, this.#rewards)]
  }

  async #step({ atOnce }: Step): Promise<Done[]> {
    const acts = atOnce.flatMap((wish) => {
      const act = this.#actOf(wish)
      return act === null ? [] : wish.twice ? [act, { ...act }] : [act]
    })
    const done = await Promise.all(acts.map(async (act) => ({ act, outcome: await this.#perform(act) })))
    this.log.push(`${new Date(this.#at).toISOString()} at once:`, ...done.map((one) => `  ${JSON.stringify(one)}`))
    const sheets = sheetsAfter(this.#sheets, done, this.#at)
    if (sheets.length === 0) {
      const before = this.#sheets.map(keyOf).join('\n')
      throw new Error(`no order of these explains their answers:\n${this.log.join('\n')}\nbefore them: ${before}`)
    }
    this.#sheets = sheets
    for (const { act, outcome } of done) if ('answer' in outcome && outcome.answer !== null) this.#remember(act)
    return done
  }

  /** What later wishes can be about; a command that was sent twice is one. */
  #remember(act: Act): void {
    const keep = <T extends { source: string } | { requestId: string }>(list: T[], one: T) => {
      const id = (of: T) => ('source' in of ? of.source : of.requestId)
      if (!list.some((known) => id(known) === id(one))) list.push(one)
    }
    if (act.do === 'award') keep(this.#awards, act)
    if (act.do === 'spend') keep(this.#spends, act)
    if (act.do === 'buy') keep(this.#orders, act)
    if (act.do === 'exchange') keep(this.#exchanges, act)
    if (act.do !== 'merge') return
    for (const [from, to] of Object.entries(this.#mergedInto)) if (to === act.gone) this.#mergedInto[from] = act.member
    this.#mergedInto[act.gone] = act.member
  }

  /** What becomes of a wish, given what there is; null where there is nothing to do it to. */
  #actOf({ do: kind, who, nth, points, inDays, lifeDays }: Wish): Act | null {
    const member = this.#survivor(this.#members[who % this.#members.length] as string)
    const made = <T>(list: T[]): T | undefined => list[nth % Math.max(1, list.length)]
    const begins = this.#at + inDays * DAY + (inDays > 0 ? ++this.#tick : 0)
    const life = { activeAt: begins, expiresAt: this.#at + (inDays + lifeDays) * DAY + ++this.#tick }
    const requestId = randomUUID()
    switch (kind) {
      case 'award':
        return { do: kind, member, source: requestId, points, growth: points, ...life }
      case 'buy':
        return { do: kind, member, requestId, points: 1 + (points % 29), ...life }
      case 'spend':
        return { do: kind, member, source: requestId, points: 1 + (points % 45) }
      case 'exchange': {
        const [reward, { points: price }] = made(Object.entries(this.#rewards)) as [string, PaperReward]
        return { do: kind, member, requestId, reward, points: price }
      }
      case 'giveBack': {
        const spend = made(this.#spends)
        const until = this.#at + 4 * DAY + ++this.#tick
        return spend
          ? { do: kind, member: this.#survivor(spend.member), source: spend.source, graceUntil: until }
          : null
      }
      case 'cancel': {
        const one = made(this.#exchanges)
        const until = graceUntil(this.#ctx()).getTime()
        if (!one) return null
        return { do: kind, member: this.#survivor(one.member), requestId, redemption: one.requestId, graceUntil: until }
      }
      case 'takeBack': {
        const one = made(this.#awards)
        if (!one) return null
        const { source, points: earned, growth } = one
        return { do: kind, member: this.#survivor(one.member), source, points: earned, growth }
      }
      case 'returnOrder': {
        const one = made(this.#orders)
        if (!one) return null
        // every other time a part, now and then one that is too much
        const part = inDays === 0 ? {} : { refundFen: 1 + Math.floor((one.points * points) / 2) }
        return { do: kind, member: this.#survivor(one.member), requestId, order: one.requestId, ...part }
      }
      case 'adjust': {
        const signed = nth % 3 === 0 ? -1 - (points % 30) : points
        return { do: kind, member, source: requestId, points: signed, expiresAt: life.expiresAt }
      }
      case 'settle':
        return { do: kind, member }
      case 'merge': {
        const gone = this.#survivor(this.#members[(who + 1 + (nth % 2)) % this.#members.length] as string)
        return gone === member ? null : { do: kind, member, gone }
      }
    }
  }

  #survivor(member: string): string {
    return this.#mergedInto[member] ?? member
  }

  #ctx(memberId?: string, house: House = this.#lane.houses[0].house): Ctx {
    const actor = memberId ? { kind: 'member' as const, memberId, sessionId: randomUUID() } : undefined
    const at = new Date(this.#at)
    return ctxOf({ ...house, now: () => at }, actor)
  }

  async #perform(act: Act): Promise<Outcome> {
    const { house } = this.#lane.houses[this.#turn++ % 2] as TestHouse
    try {
      return { answer: await this.#answer(act, house) }
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.fault.code, detail: error.fault.detail }
      throw error
    }
  }

  #answer(act: Act, house: House): Promise<unknown> {
    const { manager } = this.#lane
    switch (act.do) {
      case 'merge':
        return inTx(this.#ctx(undefined, house), (tx) => mergeMember(tx, act.member, act.gone))
      case 'buy':
        return this.#buy(act, house)
      case 'returnOrder': {
        const order = { memberId: act.member, orderId: this.#ids[act.order] as string, visitId: null }
        const orderRef = orderRefOf(house.keys, order)
        return returnOrder(this.#ctx(manager.memberId, house), manager, {
          requestId: act.requestId,
          refundFen: act.refundFen,
          orderRef,
        })
      }
      case 'exchange':
        return this.#exchange(act, house)
      case 'cancel': {
        const redemptionId = this.#ids[act.redemption] as string
        return cancelRedemption(this.#ctx(act.member, house), { requestId: act.requestId, redemptionId })
      }
      default:
        return this.#ledger(act, house)
    }
  }

  #ledger({ do: verb, member, ...rest }: Extract<Act, { source: string } | { do: 'settle' }>, house: House) {
    const instants = Object.entries(rest).map(([name, value]) =>
      /At$|Until$/.test(name)
        ? [name, new Date(value as number)]
        : name === 'source'
          ? ['sourceId', value]
          : [name, value],
    )
    const [fn, reason] = LEDGER_CALLS[verb]
    const fixed = { memberId: member, at: new Date(this.#at), earnedAt: new Date(this.#at) }
    return house.sql(fn, { kind: 'test', reason, detail: {}, ...fixed, ...Object.fromEntries(instants) })
  }

  async #buy(act: Extract<Act, { do: 'buy' }>, house: House) {
    const { manager } = this.#lane
    const visitId = this.#visits[act.member] as string
    const ctx = this.#ctx(manager.memberId, house)
    // no two orders begin or end in one instant, so that the paper knows which goes first
    const life = { activeAt: new Date(act.activeAt), expiresAt: new Date(act.expiresAt) }
    const sql: Ctx['sql'] = (fn, args) => house.sql(fn, fn === 'order_settle' ? { ...(args as object), ...life } : args)
    const paid = { requestId: act.requestId, visitId, memberRef: memberRefOf(house.keys, visitId, act.member) }
    const settled = await settleOrder({ ...ctx, sql }, manager, { ...paid, amountFen: 100 * act.points })
    this.#ids[act.requestId] = settled.orderId
    return settled
  }

  async #exchange({ member, reward, points, requestId }: Extract<Act, { do: 'exchange' }>, house: House) {
    const exchanged = await exchangeReward(this.#ctx(member, house), { requestId, rewardId: reward, points })
    this.#ids[requestId] = exchanged.redemption.redemptionId
    return exchanged
  }
}

const LEDGER_CALLS = {
  award: ['ledger_award', 'opening'],
  spend: ['ledger_spend', 'exchange'],
  giveBack: ['ledger_return_spend', 'exchange_returned'],
  takeBack: ['ledger_take_back', 'purchase_returned'],
  adjust: ['ledger_adjust', 'adjusted'],
  settle: ['ledger_settle_lots', ''],
} as const
