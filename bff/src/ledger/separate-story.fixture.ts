import { randomInt, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { growthCountsFrom } from '@huiyuan/shared/tier'
import fc from 'fast-check'
import type { TestHouse } from '../../../test/support/people'
import { mergeTerms } from '../member/merge-member'
import { snapshotOf } from '../merge/before-after.fixture'
import { type PaperMerge, SeparatePaper } from './separate-paper.fixture'
import { WENT_WRONG } from './separate-regressions.fixture'
import { stories, type Wish } from './separate-wishes.fixture'

const DAY = 86_400_000
const MERGE = ['member_merge', 'ledger_merge', 'tier_merge']
const UNDO = ['ledger_unmerge', 'member_unmerge', 'tier_unmerge']

/** Three records, what they do, and the paper beside them. */
class SeparateStory {
  readonly log: string[] = []
  readonly did: Record<string, number> = {}
  readonly #one: TestHouse
  readonly #members: string[] = [randomUUID(), randomUUID(), randomUUID()].sort()
  readonly #paper = new SeparatePaper(3)
  readonly #seen = new Set<string>()
  #at: number

  constructor(one: TestHouse) {
    this.#one = one
    this.#at = one.clock.at.getTime()
  }

  async run(wishes: Wish[]): Promise<void> {
    const validUntil = new Date(this.#at + 900 * DAY)
    for (const [n, memberId] of this.#members.entries()) {
      const memberNo = `8${BigInt(`0x${memberId.slice(24)}`)
        .toString()
        .padStart(15, '0')
        .slice(-14)}${n}`
      const person = { memberId, memberNo, nameSealed: null, validUntil, arrival: { channel: 'test' } }
      for (const step of ['member_create', 'ledger_open', 'tier_open']) await this.#sql(step, person)
    }
    const rich = { do: 'award', nth: 0, inDays: 0, programme: false, thenMinutes: 1 } as const
    const first = [0, 1, 2].map((who): Wish => ({ ...rich, who, points: 60 + who, lifeDays: 4 + 9 * who }))
    for (const one of [...first, ...wishes]) {
      await this.#act(one)
      await this.#check()
      this.#at += one.thenMinutes * 60_000
    }
    // whatever was merged comes apart again, and everybody has their own
    for (let last = this.#paper.undoable().at(-1); last; last = this.#paper.undoable().at(-1)) {
      await this.#undo(last, 'survivor')
      await this.#check()
      this.#at += 60_000
    }
  }

  #sql<Answer>(fn: string, args: object): Promise<Answer> {
    return this.#one.house.sql<Answer>(fn, { at: new Date(this.#at), ...args })
  }

  #count(what: string): void {
    this.did[what] = (this.did[what] ?? 0) + 1
  }

  #countsFrom(): number {
    return growthCountsFrom(new Date(this.#at), this.#one.house.policy).getTime()
  }

  async #act({ do: kind, who, nth, points, inDays, lifeDays, programme }: Wish): Promise<void> {
    const paper = this.#paper
    const holder = paper.holder[who] as number
    const memberId = this.#members[holder] as string
    const made = <T>(list: T[]): T | undefined => list[nth % Math.max(1, list.length)]
    const source: string = randomUUID()
    const named = { memberId, kind: 'test', sourceId: source, reason: 'opening', detail: {} }
    const activeAt = new Date(this.#at + inDays * DAY)
    const expiresAt = new Date(this.#at + (inDays + lifeDays) * DAY)
    this.log.push(
      `${new Date(this.#at).toISOString()} ${kind} ${who} (${holder}) ${nth} ${points} ${inDays} ${lifeDays} ${programme}`,
    )
    switch (kind) {
      case 'award': {
        const growth = nth % 2 === 0 ? points : 0
        const life = { points, growth, activeAt, expiresAt }
        const { lotId } = await this.#sql<{ lotId: string }>('ledger_award', { ...named, ...life })
        return paper.earn(holder, points, { source, lotId, growth, at: this.#at })
      }
      case 'adjust': {
        const signed = nth % 3 === 0 ? points : -points
        const { lotId } = await this.#sql<{ lotId: string | null }>('ledger_adjust', {
          ...named,
          points: signed,
          expiresAt,
        })
        if (lotId) paper.owners.set(lotId, holder)
        return paper.add(holder, signed)
      }
      case 'spend':
        return this.#spend(holder, { ...named, points, reason: 'exchange' })
      case 'cancel':
        return this.#cancel(made(paper.spends))
      case 'takeBack':
        return this.#takeBack(made(paper.awards.filter(({ back }) => !back)))
      case 'settle':
        return void (await this.#sql('ledger_settle_lots', { memberId }))
      case 'undo': {
        const merge = made(paper.undoable())
        return merge && this.#undo(merge, programme ? 'programme' : 'survivor')
      }
      default: {
        const other = paper.holder[(who + 1 + (nth % 2)) % 3] as number
        if (other !== holder) return kind === 'merge' ? this.#merge(holder, other) : this.#thereAndBack(holder, other)
      }
    }
  }

  async #spend(
    holder: number,
    call: { sourceId: string; points: number; memberId: string; reason: string },
  ): Promise<void> {
    const { memberId } = call
    await this.#sql('ledger_settle_lots', { memberId })
    const has = await this.#one.house.prisma.account.findUniqueOrThrow({ where: { memberId } })
    const points = Math.min(call.points, has.availablePoints)
    if (points === 0) return
    await this.#sql('ledger_spend', { ...call, points })
    this.#count('spent')
    this.#paper.spends.push({ record: holder, source: call.sourceId })
    this.#paper.add(holder, -points)
  }

  async #cancel(spend: SeparatePaper['spends'][number] | undefined): Promise<void> {
    if (!spend) return
    const memberId = this.#members[this.#paper.holder[spend.record] as number]
    const graceUntil = new Date(this.#at + 4 * DAY)
    const named = {
      memberId,
      kind: 'test',
      sourceId: spend.source,
      graceUntil,
      reason: 'exchange_returned',
      detail: {},
    }
    type Back = { returned: number; grace: number; expired: number } | null
    const back = await this.#sql<Back>('ledger_return_spend', named)
    if (!back) return
    this.#count('cancelled')
    this.#paper.add(spend.record, back.returned + back.grace + back.expired)
  }

  async #takeBack(award: SeparatePaper['awards'][number] | undefined): Promise<void> {
    if (!award) return
    const memberId = this.#members[this.#paper.holder[award.record] as number]
    await this.#sql('ledger_settle_growth', { memberId, from: new Date(this.#countsFrom()) })
    const growth = this.#paper.takeBack(award.source, this.#countsFrom())
    const detail = { earnedAt: new Date(award.at), storeName: '湖滨店' }
    const named = { memberId, kind: 'test', sourceId: award.source, reason: 'purchase_returned', detail }
    await this.#sql('ledger_take_back', { ...named, points: award.points, growth })
    this.#count('returned')
  }

  async #merge(survivor: number, other: number): Promise<void> {
    const mergeId = randomUUID()
    const ctx = { ...this.#one.as(), now: () => new Date(this.#at) }
    const pair = { mergeId, from: this.#members[other], to: this.#members[survivor], because: 'operator' }
    await this.#sql('merge_run', { ...pair, steps: MERGE, ...mergeTerms(ctx) })
    this.#paper.merge(mergeId, survivor, other)
    this.#count('merged')
    this.log.push(`  ${other} into ${survivor}`)
  }

  /** I-ID4: nothing between a merge and its undo, and everything is as it was. */
  async #thereAndBack(survivor: number, other: number): Promise<void> {
    const both = [this.#members[survivor] as string, this.#members[other] as string]
    const from = new Date(this.#countsFrom())
    for (const memberId of both) {
      await this.#sql('ledger_settle_lots', { memberId })
      await this.#sql('ledger_settle_growth', { memberId, from })
      await this.#sql('tier_review', { memberId, ...mergeTerms({ ...this.#one.as(), now: () => new Date(this.#at) }) })
    }
    const before = await snapshotOf(this.#one.house.prisma, both)
    await this.#merge(survivor, other)
    await this.#undo(this.#paper.merges.at(-1) as PaperMerge, 'survivor')
    const after = await snapshotOf(this.#one.house.prisma, both)
    this.#fail(JSON.stringify(after, null, 1) === JSON.stringify(before, null, 1), () => {
      expect(after).toEqual(before)
      return 'not as before'
    })
    this.#count('as before')
  }

  async #undo(merge: PaperMerge, charge: 'survivor' | 'programme'): Promise<void> {
    const ctx = { ...this.#one.as(), now: () => new Date(this.#at) }
    const { mergeId, survivor, other } = merge
    const call = { mergeId, staffId: randomUUID(), note: '认错了', charge, undoSteps: UNDO, ...mergeTerms(ctx) }
    const { back, lost } = await this.#sql<{ back: Record<string, number>; lost: { why: string }[] }>(
      'merge_undo_run',
      call,
    )
    this.log.push(`  undone ${other} from ${survivor} ${charge}: ${JSON.stringify({ back, lost })}`)
    this.#paper.undo(merge, back.programmePoints ?? 0)
    for (const what of Object.keys(back)) this.#count(`undone ${what}`)
    for (const { why } of lost) this.#count(`undone ${why}`)
    await this.#claimNewOrigins(survivor)
  }

  /** What the survivor's own exchanges took of the other's points is the survivor's own from now on. */
  async #claimNewOrigins(survivor: number): Promise<void> {
    const { prisma } = this.#one.house
    const where = { memberId: this.#members[survivor] as string }
    for (const { originLotId, effectSource } of await prisma.lotUse.findMany({ where }))
      if (!this.#paper.owners.has(originLotId))
        this.#paper.owners.set(
          originLotId,
          this.#paper.spends.find(({ source }) => source === effectSource)?.record ?? survivor,
        )
    for (const { originLotId } of await prisma.lot.findMany({ where }))
      if (!this.#paper.owners.has(originLotId)) this.#paper.owners.set(originLotId, survivor)
  }

  /** What ended by itself is the loss of whose points they were; then every survivor's books are the sums of the paper. */
  async #check(): Promise<void> {
    const paper = this.#paper
    const { ended, live, books } = await this.#stored()
    for (const [id, amount, origin] of ended.filter(([one]) => !this.#seen.has(one))) {
      this.#seen.add(id)
      const owner = paper.owners.get(origin)
      this.#fail(owner !== undefined, () => `nobody owns ${origin}`)
      paper.add(owner as number, -amount)
    }
    for (const [memberId, origin] of live) {
      const owner = paper.owners.get(origin)
      const holds = owner !== undefined && this.#members[paper.holder[owner] as number] === memberId
      this.#fail(holds, () => `${this.#members.indexOf(memberId)} holds ${origin} of ${owner}`)
    }
    for (const [n, [status, ...stored]] of books.entries()) {
      const alone = paper.holder[n] === n
      const should = alone ? ['active', paper.netOf(n), paper.growthOf(n, this.#countsFrom()), false] : ['merged', 0]
      const is = [status, ...stored].slice(0, should.length)
      this.#fail(isDeepStrictEqual(is, should), () => `${n} has ${is}, should have ${should}`)
    }
  }

  /** What ended: [transfer, points, first lot]; what is there: [member, first lot]; each record's [status, net, growth, owes although it has]. */
  async #stored() {
    const [row] = await this.#one.house.prisma.$queryRaw<
      { ended: [string, number, string][]; live: [string, string][]; books: [string, number, number, boolean][] }[]
    >`WITH own AS (SELECT id, nth FROM unnest(${this.#members}::uuid[]) WITH ORDINALITY m (id, nth))
      SELECT (SELECT coalesce(json_agg(json_build_array(t.transfer_id, t.amount, lot.origin_lot_id)), '[]') FROM own
          JOIN transfer t ON t.member_id = id AND t.reason = 'expired' JOIN lot USING (member_id, lot_id)) AS ended,
        (SELECT coalesce(json_agg(json_build_array(lot.member_id, lot.origin_lot_id)), '[]') FROM own
          JOIN lot ON lot.member_id = id AND remaining > 0) AS live,
        (SELECT json_agg(json_build_array(m.status, a.available_points + a.pending_points - a.debt_points,
            (SELECT coalesce(sum(growth), 0) FROM ledger_growth_lines(id, ${new Date(this.#countsFrom())})),
            a.available_points > 0 AND a.debt_points > 0) ORDER BY nth) FROM own JOIN account a ON a.member_id = id
            JOIN member m ON m.member_id = id) AS books`
    return row as NonNullable<typeof row>
  }

  #fail(holds: boolean, words: () => string): void {
    if (!holds) throw new Error(`${words()}\n${this.log.join('\n')}`)
  }
}

/**
 * Plays stories for one after the other set of three records; RUNS says how many, SEED which.
 * @returns how often what happened
 * @throws Error with the seed and the whole story that went wrong
 */
export async function runStories(one: TestHouse, { RUNS, SEED }: NodeJS.ProcessEnv): Promise<Record<string, number>> {
  const did: Record<string, number> = {}
  const play = fc.asyncProperty(stories, async (wishes) => {
    const story = new SeparateStory(one)
    await story.run(wishes)
    for (const [what, times] of Object.entries(story.did)) did[what] = (did[what] ?? 0) + times
  })
  const seed = SEED ? Number(SEED) : randomInt(2 ** 30)
  // a story tells all by itself; looking for a shorter one takes long
  const examples = WENT_WRONG.map((story): [Wish[]] => [story])
  await fc.assert(play, { numRuns: Number(RUNS ?? 60), seed, endOnFailure: true, examples })
  return did
}
