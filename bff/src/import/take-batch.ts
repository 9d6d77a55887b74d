import type { Proof } from '@huiyuan/shared/identity'
import { type Ctx, inTx } from '../ctx'
import { lockProofs } from '../member'
import { growthOf, peopleCall, pointsOf, printedNumbers } from './import-rows'
import type { BadLine, GoodLine } from './prepare-line'
import type { ProblemFile, ProblemRow } from './problem-file'
import { type Looked, lookAt, type Outcome, repeatedOutcome, settleLine } from './settle-line'

/** Some hundred lines that are taken in together. */
export interface Batch {
  lines: (GoodLine | BadLine)[]
  /** Lines of the file up to here, with empty ones and the header, and where the next one begins. */
  no: number
  endsAt: number
}

/** What became of lines, in numbers. */
export interface Counts {
  /** New members. */
  created: number
  /** Brought something to somebody known. */
  added: number
  /** Had their effect before. */
  repeated: number
  /** Not taken. */
  refused: number
  /** Two records that became one. */
  merged: number
  /** Of those taken: without the phone, which another member has. */
  waiting: number
  points: number
  growth: number
}

export const noCounts = (): Counts => ({
  ...{ created: 0, added: 0, repeated: 0, refused: 0, merged: 0, waiting: 0, points: 0, growth: 0 },
})

export interface BatchWish {
  startedAt: Date
  counts: Counts
  problems: ProblemFile
  /** Writes down how far the file is, in the same transaction; left out by a dry run, which leaves nothing. */
  keep: ((tx: Ctx, counts: Counts) => Promise<void>) | null
}

class DryRun extends Error {}

/** Takes in one batch, all of it or nothing, with its lines of the problem file and the mark how far it is. → the counts after it */
export async function takeBatch(
  ctx: Ctx,
  batch: Batch,
  { startedAt, counts, problems, keep }: BatchWish,
): Promise<Counts> {
  const now = ctx.now()
  let after = counts
  try {
    await inTx({ ...ctx, now: () => now }, async (tx) => {
      const seen = await takeLines(tx, batch, startedAt)
      after = added(counts, batch.lines, seen)
      // first the mark: whoever has it is alone at this file
      await keep?.(tx, after)
      await problems.write(problemsOf(batch.lines, seen))
      if (!keep) throw new DryRun()
    })
  } catch (error) {
    if (!(error instanceof DryRun)) throw error
  }
  problems.keep()
  return after
}

const isGood = (line: GoodLine | BadLine): line is GoodLine => !('problems' in line)
const proofsOf = ({ sure, phone }: GoodLine) => (phone ? [...sure, phone] : sure)
const keyOf = ({ kind, issuer, subject }: Proof) => `${kind} ${issuer} ${subject}`

/** What became of each good line: people nobody knows all at once, everybody else one by one in the order of the file. */
async function takeLines(tx: Ctx, { lines }: Batch, startedAt: Date): Promise<Map<number, Outcome>> {
  const good = lines.filter(isGood)
  const seen = new Map<number, Outcome>()
  if (good.length === 0) return seen
  await lockProofs(tx, [...new Map(good.flatMap(proofsOf).map((proof) => [keyOf(proof), proof])).values()])
  const looked = await lookAt(tx, good)
  const fresh: GoodLine[] = []
  const others: GoodLine[] = []
  const { isAlone } = neighbours(good, looked)
  for (const line of good) {
    const before = repeatedOutcome(line, looked)
    if (before) seen.set(line.no, before)
    else if (isAlone(line)) fresh.push(line)
    else others.push(line)
  }
  if (fresh.length > 0) {
    const people = fresh.map((line) => ({ good: line, take: proofsOf(line) }))
    await tx.sql('import_people', peopleCall(tx, people, startedAt))
  }
  for (const { no } of fresh) seen.set(no, { kind: 'created', merged: 0, waits: false, notes: [] })
  for (const line of others) seen.set(line.no, await settleLine(tx, line, startedAt))
  return seen
}

/** Who touches nobody: neither a member nor a line before it. */
function neighbours(good: GoodLine[], { holders, numbers }: Looked) {
  const first = new Map<string, number>()
  const marksOf = (line: GoodLine) => [line.source, ...proofsOf(line).map(keyOf)]
  for (const line of good) for (const mark of marksOf(line)) if (!first.has(mark)) first.set(mark, line.no)
  const held = new Set(holders.flatMap(({ identities }) => identities.map(keyOf)))
  const isAlone = (line: GoodLine) =>
    marksOf(line).every((mark) => first.get(mark) === line.no) &&
    !proofsOf(line).some((proof) => held.has(keyOf(proof))) &&
    !printedNumbers(line).some((number) => numbers[number] !== undefined)
  return { isAlone }
}

function added(counts: Counts, lines: Batch['lines'], seen: Map<number, Outcome>): Counts {
  const after = { ...counts }
  for (const line of lines) {
    const outcome = seen.get(line.no)
    after[outcome?.kind ?? 'refused']++
    if (!isGood(line) || !outcome || outcome.kind === 'repeated' || outcome.kind === 'refused') continue
    after.merged += outcome.merged
    after.waiting += Number(outcome.waits)
    after.points += pointsOf(line)
    after.growth += growthOf(line)
  }
  return after
}

function problemsOf(lines: Batch['lines'], seen: Map<number, Outcome>): ProblemRow[] {
  return lines.flatMap((line) => {
    const outcome = seen.get(line.no)
    const taken = outcome !== undefined && outcome.kind !== 'refused'
    const problems = isGood(line) ? (outcome?.notes ?? []) : line.problems
    return problems.map((problem) => ({ no: line.no, shown: line.shown, taken, ...problem }))
  })
}
