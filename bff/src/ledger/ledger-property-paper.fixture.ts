/**
 * The books of a few members on a sheet of paper: what the words of the ledger and the mall say must happen, written
 * down once more without looking at how the database does it. Nothing here is asynchronous and nothing is stored.
 */

import { addTo, type Paper, type PaperLot, type PaperMember, type PaperUse } from './ledger-property-sheet.fixture'

/** Which of several orders that the words leave open: a number below `count`. */
export type Choose = (count: number) => number

export class PaperRefusal extends Error {
  constructor(
    readonly code: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(code)
  }
}

const sumOf = (lots: PaperLot[], active: boolean) =>
  lots.reduce((sum, lot) => sum + (lot.active === active ? lot.remaining : 0), 0)

/** One turn at the books: what happens at `at`, where `choose` decides between lots that end at the same instant. */
export class Turn {
  constructor(
    readonly paper: Paper,
    readonly at: number,
    readonly choose: Choose,
  ) {}

  memberOf(id: string): PaperMember {
    return this.paper.members[id] as PaperMember
  }

  survivorOf(id: string): string {
    return this.memberOf(id).mergedInto ?? id
  }

  available = (id: string) => sumOf(this.memberOf(id).lots, true)
  pending = (id: string) => sumOf(this.memberOf(id).lots, false)

  /** True the first time. */
  claim(what: string): boolean {
    if (this.paper.claimed[what]) return false
    this.paper.claimed[what] = true
    return true
  }

  /** Brings the lots up to date; a merged record has nothing left to do anything with. */
  hold(id: string): PaperMember {
    const member = this.memberOf(id)
    if (member.mergedInto !== null) throw new PaperRefusal('BUSY')
    this.settle(id)
    return member
  }

  settle(id: string): { matured: number; expired: number } {
    const member = this.memberOf(id)
    const done = { matured: 0, expired: 0 }
    const due = ({ remaining, active, activeAt, expiresAt }: PaperLot) =>
      remaining > 0 && ((!active && activeAt <= this.at) || expiresAt < this.at)
    for (const lot of member.lots.filter(due).sort((a, b) => a.activeAt - b.activeAt)) {
      if (!lot.active) {
        lot.active = true
        done.matured += lot.remaining
        this.payDebt(member, lot)
      }
      if (lot.expiresAt < this.at) done.expired += this.end(lot, lot.remaining)
    }
    return done
  }

  end(lot: PaperLot, points: number): number {
    lot.remaining -= points
    this.paper.ended[lot.origin] = (this.paper.ended[lot.origin] ?? 0) + points
    return points
  }

  payDebt(member: PaperMember, lot: PaperLot): void {
    const paid = Math.min(member.debt, lot.remaining)
    member.debt -= paid
    lot.remaining -= paid
  }

  award(
    id: string,
    source: string,
    wish: { points: number; growth: number; activeAt: number; expiresAt: number },
  ): void {
    const member = this.memberOf(id)
    const active = wish.activeAt <= this.at
    member.growth += wish.growth
    if (wish.points === 0) return
    const { points, activeAt, expiresAt } = wish
    const lot = {
      id: source,
      origin: source,
      own: source,
      active,
      earned: points,
      remaining: points,
      activeAt,
      expiresAt,
    }
    member.lots.push(lot)
    if (active) this.payDebt(member, lot)
  }

  /** Takes from the lots in this order as far as they go and gives what is missing. */
  take(lots: PaperLot[], points: number, note: (lot: PaperLot, part: number) => void = () => {}): number {
    let owed = points
    for (const lot of lots) {
      const part = Math.min(owed, lot.remaining)
      if (part === 0) continue
      lot.remaining -= part
      owed -= part
      note(lot, part)
    }
    return owed
  }

  /** Spendable lots, the earliest end first. */
  spendable = (id: string): PaperLot[] =>
    this.byEnd(this.memberOf(id).lots.filter(({ active, remaining }) => active && remaining > 0))

  byEnd<T extends { expiresAt: number }>(rows: T[]): T[] {
    const ends = [...new Set(rows.map(({ expiresAt }) => expiresAt))].sort((a, b) => a - b)
    return ends.flatMap((end) => this.#anyOrder(rows.filter(({ expiresAt }) => expiresAt === end)))
  }

  #anyOrder<T>(rows: T[]): T[] {
    const rest = [...rows]
    const order: T[] = []
    while (rest.length > 1) order.push(...rest.splice(this.choose(rest.length), 1))
    return [...order, ...rest]
  }

  spend(id: string, source: string, points: number): boolean {
    const member = this.hold(id)
    if (!this.claim(`spend ${source}`)) return false
    if (member.debt > 0) throw new PaperRefusal('IN_DEBT', { debtPoints: member.debt })
    const short = points - this.available(id)
    if (short > 0) throw new PaperRefusal('POINTS_SHORT', { shortPoints: short })
    const uses: PaperUse[] = []
    this.take(this.spendable(id), points, ({ id: lotId, origin, activeAt, expiresAt }, part) =>
      uses.push({ lotId, origin, points: part, activeAt, expiresAt }),
    )
    this.paper.uses[source] = uses
    return true
  }

  /** Points of a spend back to their lots; what ended meanwhile lives on once for each origin. */
  giveBack(id: string, source: string, graceUntil: number) {
    const member = this.hold(id)
    if (!this.claim(`return ${source}`)) return null
    const back = { returned: 0, grace: 0, expired: 0 }
    const graced = new Set<string>()
    for (const use of this.byEnd(this.paper.uses[source] ?? [])) {
      if (use.expiresAt >= this.at) {
        this.payDebt(member, this.#refill(member, source, use, use.expiresAt))
        back.returned += use.points
      } else if (graced.has(use.origin) || this.claim(`grace ${use.origin}`)) {
        graced.add(use.origin)
        this.payDebt(member, this.#refill(member, source, use, graceUntil))
        back.grace += use.points
      } else {
        back.expired += this.end(this.#refill(member, source, use, use.expiresAt), use.points)
      }
    }
    return back
  }

  #refill(member: PaperMember, source: string, use: PaperUse, expiresAt: number): PaperLot {
    const former = member.lots.find(
      (lot) => lot.id === use.lotId && lot.expiresAt === expiresAt && lot.remaining + use.points <= lot.earned,
    )
    if (former) {
      former.remaining += use.points
      return former
    }
    const { origin, points } = use
    const activeAt = Math.min(use.activeAt, this.at)
    const id = `${source}<${use.lotId}`
    const lot = { id, origin, own: source, active: true, earned: points, remaining: points, activeAt, expiresAt }
    member.lots.push(lot)
    return lot
  }

  /** Its own lot first, pending or active, then other active ones, the rest is owed. */
  takeBack(id: string, source: string, points: number, growth: number, part = '') {
    const member = this.hold(id)
    if (!this.claim(`take_back${part} ${source}`)) return null
    const taken = { pending: 0, available: 0, debt: 0, growth: Math.min(growth, member.growth) }
    const note = ({ active }: PaperLot, part: number) => {
      taken[active ? 'available' : 'pending'] += part
    }
    const own = this.byEnd(member.lots.filter((lot) => lot.own === source && lot.remaining > 0))
    const missing = this.take(own, points, note)
    taken.debt = this.take(
      this.spendable(id).filter((lot) => lot.own !== source),
      missing,
      note,
    )
    member.debt += taken.debt
    member.growth -= taken.growth
    return taken
  }

  /** What this one left owed; null when it was done before. */
  adjust(id: string, source: string, points: number, expiresAt: number): number | null {
    const member = this.hold(id)
    if (!this.claim(`adjust ${source}`)) return null
    if (points > 0) this.award(id, source, { points, growth: 0, activeAt: this.at, expiresAt })
    const owed = points > 0 ? 0 : this.take(this.spendable(id), -points)
    member.debt += owed
    return owed
  }

  merge(kept: string, gone: string) {
    const [to, from] = [this.memberOf(kept), this.memberOf(gone)]
    if (kept === gone || to.mergedInto !== null || from.mergedInto !== null) throw new PaperRefusal('BUSY')
    this.settle(gone)
    this.settle(kept)
    const brought = { points: sumOf(from.lots, true) + sumOf(from.lots, false), growth: from.growth }
    for (const lot of from.lots.filter(({ remaining }) => remaining > 0)) {
      to.lots.push({ ...lot, id: `${lot.id}>${kept}`, earned: lot.remaining })
      lot.remaining = 0
    }
    to.growth += from.growth
    to.debt += from.debt
    for (const [reward, times] of Object.entries(from.taken)) addTo(to.taken, reward, times)
    for (const [month, times] of Object.entries(from.early)) addTo(to.early, month, times)
    Object.assign(from, { debt: 0, growth: 0, taken: {}, early: {} })
    for (const lot of this.spendable(kept)) this.payDebt(to, lot)
    for (const redemption of Object.values(this.paper.redemptions))
      if (redemption.owner === gone) redemption.owner = kept
    for (const member of Object.values(this.paper.members)) if (member.mergedInto === gone) member.mergedInto = kept
    from.mergedInto = kept
    return brought
  }
}
