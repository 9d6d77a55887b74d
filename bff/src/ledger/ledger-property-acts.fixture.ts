import { isDeepStrictEqual } from 'node:util'
import { PaperRefusal, Turn } from './ledger-property-paper.fixture'
import { addTo, EARLY_QUOTA, type Paper } from './ledger-property-sheet.fixture'

/** What is asked of the ledger or the mall. Orders and redemptions go by the requestId of the command that made them. */
export type Act =
  | { do: 'award'; member: string; source: string; points: number; growth: number; activeAt: number; expiresAt: number }
  | { do: 'spend'; member: string; source: string; points: number }
  | { do: 'giveBack'; member: string; source: string; graceUntil: number }
  | { do: 'takeBack'; member: string; source: string; points: number; growth: number }
  | { do: 'adjust'; member: string; source: string; points: number; expiresAt: number }
  | { do: 'settle'; member: string }
  | { do: 'merge'; member: string; gone: string }
  | { do: 'buy'; member: string; requestId: string; points: number; activeAt: number; expiresAt: number }
  | { do: 'returnOrder'; member: string; requestId: string; order: string; refundFen?: number }
  | { do: 'exchange'; member: string; requestId: string; reward: string; points: number }
  | { do: 'cancel'; member: string; requestId: string; redemption: string; graceUntil: number }

/** An answer, as far as the paper tells it, or a refusal. */
export type Outcome = { answer: unknown } | { refused: string; detail: Record<string, unknown> }

export interface Done {
  act: Act
  outcome: Outcome
}

const orderSource = (requestId: string) => `order ${requestId}`
const spendSource = (requestId: string) => `redemption ${requestId}`

/** A command sent again is answered as before. */
function once(turn: Turn, requestId: string, work: () => unknown): unknown {
  const known = turn.paper.answers[requestId]
  if (known !== undefined) return known
  const answer = work()
  turn.paper.answers[requestId] = answer
  return answer
}

function buy(turn: Turn, act: Extract<Act, { do: 'buy' }>): unknown {
  const owner = turn.survivorOf(act.member)
  const { points } = act
  turn.paper.orders[act.requestId] = { points, fen: 100 * points, refunded: 0, taken: { points: 0, growth: 0 } }
  turn.award(owner, orderSource(act.requestId), { ...act, growth: points })
  return { pointsAfter: { available: turn.available(owner), pending: turn.pending(owner) } }
}

function returnOrder(turn: Turn, act: Extract<Act, { do: 'returnOrder' }>): unknown {
  const owner = turn.survivorOf(act.member)
  const order = turn.paper.orders[act.order]
  if (!order) throw new PaperRefusal('NOT_FOUND', { noun: 'order' })
  const leftFen = order.fen - order.refunded
  if (leftFen === 0) throw new PaperRefusal('RETURN_DONE')
  const refundFen = act.refundFen ?? leftFen
  if (refundFen > leftFen) throw new PaperRefusal('RETURN_TOO_MUCH', { leftFen })
  order.refunded += refundFen
  turn.settle(owner)
  const source = orderSource(act.order)
  // as many points as yuan: the share is what whole yuan came back
  const share = Math.floor(order.refunded / 100)
  const here = Math.min(share, order.points - (turn.paper.ended[source] ?? 0))
  const due = { points: Math.max(0, here - order.taken.points), growth: share - order.taken.growth }
  const taken = turn.takeBack(owner, source, due.points, due.growth, refundFen < leftFen ? `:${order.refunded}` : '')
  const { growth, ...points } = taken as NonNullable<typeof taken>
  addTo(order.taken, 'points', due.points)
  addTo(order.taken, 'growth', growth)
  return { points, growth }
}

const SHANGHAI_MS = 8 * 3_600_000
const monthOf = (at: number): string => new Date(at + SHANGHAI_MS).toISOString().slice(0, 7)

function nextMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 1) - SHANGHAI_MS).toISOString()
}

function exchange(turn: Turn, act: Extract<Act, { do: 'exchange' }>): unknown {
  const owner = turn.survivorOf(act.member)
  const reward = turn.paper.rewards[act.reward]
  if (!reward) throw new PaperRefusal('NOT_FOUND', { noun: 'reward' })
  const { taken, early } = turn.memberOf(owner)
  const month = reward.early ? monthOf(turn.at) : null
  if (month !== null && (early[month] ?? 0) >= EARLY_QUOTA)
    throw new PaperRefusal('RIGHT_USED_UP', { backAt: nextMonth(month) })
  const times = taken[act.reward] ?? 0
  if (reward.limit !== null && times >= reward.limit) throw new PaperRefusal('REWARD_LIMIT', { limit: reward.limit })
  if (reward.left === 0) throw new PaperRefusal('REWARD_GONE')
  turn.spend(owner, spendSource(act.requestId), reward.points)
  addTo(taken, act.reward, 1)
  if (month !== null) addTo(early, month, 1)
  if (reward.left !== null) reward.left--
  turn.paper.redemptions[act.requestId] = { owner, reward: act.reward, standing: true, month }
  return { pointsAfter: turn.available(owner) }
}

function cancel(turn: Turn, act: Extract<Act, { do: 'cancel' }>): unknown {
  const owner = turn.survivorOf(act.member)
  const redemption = turn.paper.redemptions[act.redemption]
  if (redemption?.owner !== owner) throw new PaperRefusal('NOT_FOUND', { noun: 'redemption' })
  if (!redemption.standing) throw new PaperRefusal('REDEMPTION_DONE')
  redemption.standing = false
  const back = turn.giveBack(owner, spendSource(act.redemption), act.graceUntil)
  const { taken, early } = turn.memberOf(owner)
  addTo(taken, redemption.reward, -1)
  if (redemption.month !== null) addTo(early, redemption.month, -1)
  const reward = turn.paper.rewards[redemption.reward]
  if (reward && reward.left !== null) reward.left++
  return back
}

function answerOf(turn: Turn, act: Act): unknown {
  switch (act.do) {
    case 'award': {
      if (!turn.claim(`award ${act.source}`)) return null
      if (turn.memberOf(act.member).mergedInto !== null) throw new PaperRefusal('BUSY')
      turn.award(act.member, act.source, act)
      return { available: turn.available(act.member), pending: turn.pending(act.member) }
    }
    case 'spend':
      return turn.spend(act.member, act.source, act.points) ? { available: turn.available(act.member) } : null
    case 'giveBack': {
      const back = turn.giveBack(act.member, act.source, act.graceUntil)
      return back && { ...back, available: turn.available(act.member) }
    }
    case 'takeBack': {
      const taken = turn.takeBack(act.member, act.source, act.points, act.growth)
      return taken && { ...taken, growthAfter: turn.memberOf(act.member).growth }
    }
    case 'adjust': {
      const debt = turn.adjust(act.member, act.source, act.points, act.expiresAt)
      return debt === null ? null : { available: turn.available(act.member), debt }
    }
    case 'settle':
      return turn.settle(act.member)
    case 'merge':
      return turn.merge(act.member, act.gone)
    case 'buy':
      return once(turn, act.requestId, () => buy(turn, act))
    case 'returnOrder':
      return once(turn, act.requestId, () => returnOrder(turn, act))
    case 'exchange':
      return once(turn, act.requestId, () => exchange(turn, act))
    case 'cancel':
      return once(turn, act.requestId, () => cancel(turn, act))
  }
}

/** Everything the words allow this act to come to, each with the sheet as it is afterwards. */
export function waysOf(paper: Paper, act: Act, at: number): { outcome: Outcome; after: Paper }[] {
  const ways: { outcome: Outcome; after: Paper }[] = []
  let picks: number[] = []
  for (;;) {
    const sizes: number[] = []
    const turn = new Turn(structuredClone(paper), at, (count) => {
      sizes.push(count)
      return picks[sizes.length - 1] ?? 0
    })
    try {
      ways.push({ outcome: { answer: answerOf(turn, act) }, after: turn.paper })
    } catch (error) {
      if (!(error instanceof PaperRefusal)) throw error
      ways.push({ outcome: { refused: error.code, detail: error.detail }, after: paper })
    }
    const full = sizes.map((_, n) => picks[n] ?? 0)
    let last = full.length - 1
    while (last >= 0 && (full[last] as number) + 1 >= (sizes[last] as number)) last--
    if (last < 0) return ways
    picks = [...full.slice(0, last), (full[last] as number) + 1]
  }
}

/** Whether what was answered says all that the paper says. */
function agrees(said: Outcome, told: Outcome): boolean {
  if ('refused' in told || 'refused' in said) return isDeepStrictEqual(said, told)
  return within(told.answer, said.answer)
}

function within(part: unknown, whole: unknown): boolean {
  if (part === null || typeof part !== 'object') return part === whole
  if (whole === null || typeof whole !== 'object') return false
  return Object.entries(part).every(([name, value]) => within(value, (whole as Record<string, unknown>)[name]))
}

/** Two sheets with the same key say the same. */
export function keyOf(paper: Paper): string {
  return JSON.stringify(paper, (_key, value) => {
    if (Array.isArray(value)) return value.map((row) => JSON.stringify(row)).sort()
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/**
 * What was done at once must have come out as in some order one after the other: every sheet that some order leads to.
 * None when there is no such order. What was refused as BUSY has done nothing.
 */
export function sheetsAfter(papers: Paper[], done: Done[], at: number): Paper[] {
  const found = new Map<string, Paper>()
  const seen = new Set<string>()
  const walk = (paper: Paper, rest: Done[]): void => {
    const here = `${rest.map(({ act }) => done.findIndex((one) => one.act === act))} ${keyOf(paper)}`
    if (seen.has(here)) return
    seen.add(here)
    if (rest.length === 0) found.set(keyOf(paper), paper)
    for (const next of rest) {
      const others = rest.filter((one) => one !== next)
      for (const { outcome, after } of waysOf(paper, next.act, at))
        if (agrees(next.outcome, outcome)) walk(after, others)
    }
  }
  const decided = done.filter(({ outcome }) => !('refused' in outcome && outcome.refused === 'BUSY'))
  for (const paper of papers) walk(paper, decided)
  return [...found.values()]
}
