/**
 * On paper a merge moves nothing: every record keeps its own net of points and its own growth whoever holds them for it, and what
 * somebody does is their record's doing. So the members' books must be the sums of the records in them, and an undo must leave
 * each with its own.
 */

const DAY = 86_400_000
const SHANGHAI = 8 * 3_600_000

interface GrowthLine {
  record: number
  source: string
  dayMs: number
  amount: number
}

export interface PaperMerge {
  mergeId: string
  survivor: number
  other: number
  /** The records that came along with the other one, itself among them. */
  records: number[]
  undone: boolean
}

export class SeparatePaper {
  /** Which record stands for each; a survivor for itself. */
  readonly holder: number[]
  /** Points of each record: its own, and less than nothing where it owes. */
  readonly net: number[]
  readonly growth: GrowthLine[] = []
  readonly merges: PaperMerge[] = []
  /** Whose the points of a first lot are. */
  readonly owners = new Map<string, number>()
  readonly awards: { record: number; source: string; points: number; growth: number; at: number; back: boolean }[] = []
  readonly spends: { record: number; source: string }[] = []
  /** What the programme gave, and nobody else. */
  paid = 0

  constructor(count: number) {
    this.holder = Array.from({ length: count }, (_, n) => n)
    this.net = this.holder.map(() => 0)
  }

  recordsOf(survivor: number): number[] {
    return this.holder.flatMap((held, record) => (held === survivor ? [record] : []))
  }

  /** What a survivor's account must show in all, points less debts. */
  netOf(survivor: number): number {
    return this.recordsOf(survivor).reduce((sum, record) => sum + (this.net[record] as number), 0)
  }

  growthOf(survivor: number, countsFromMs: number): number {
    const records = this.recordsOf(survivor)
    const lines = this.growth.filter(({ record, dayMs }) => records.includes(record) && dayMs >= countsFromMs)
    return lines.reduce((sum, { amount }) => sum + amount, 0)
  }

  earn(record: number, points: number, of: { source: string; lotId: string | null; growth: number; at: number }): void {
    this.add(record, points)
    if (of.lotId) this.owners.set(of.lotId, record)
    if (of.growth > 0) this.growth.push({ record, source: of.source, dayMs: dayOf(of.at), amount: of.growth })
    this.awards.push({ record, source: of.source, points, growth: of.growth, at: of.at, back: false })
  }

  /** Growth that still counts is given back; → how much that is */
  takeBack(source: string, countsFromMs: number): number {
    const award = this.awards.find((one) => one.source === source)
    if (!award) throw new Error('nobody earned that')
    award.back = true
    this.add(award.record, -award.points)
    const line = this.growth.find((one) => one.source === source && one.dayMs >= countsFromMs)
    if (!line) return 0
    const { amount } = line
    line.amount = 0
    return amount
  }

  add(record: number, points: number): void {
    this.net[record] = (this.net[record] as number) + points
  }

  merge(mergeId: string, survivor: number, other: number): void {
    const records = this.recordsOf(other)
    for (const record of records) this.holder[record] = survivor
    this.merges.push({ mergeId, survivor, other, records, undone: false })
  }

  /** The merges that nothing was built on since. */
  undoable(): PaperMerge[] {
    return this.merges.filter(
      ({ survivor, undone }, n) =>
        !undone &&
        !this.merges.slice(n + 1).some((later) => !later.undone && [later.survivor, later.other].includes(survivor)),
    )
  }

  undo(merge: PaperMerge, programmePoints: number): void {
    merge.undone = true
    for (const record of merge.records) this.holder[record] = merge.other
    this.add(merge.survivor, programmePoints)
    this.paid += programmePoints
  }
}

/** The brand's midnight before an instant. */
export const dayOf = (at: number): number => Math.floor((at + SHANGHAI) / DAY) * DAY - SHANGHAI
