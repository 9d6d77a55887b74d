import { randomInt } from 'node:crypto'
import { isMemberNo, memberNoFrom } from '@huiyuan/shared/member'
import type { Policy } from '@huiyuan/shared/policy'
import { growthLeavesAt, tierAt, tierTermsOf, tierValidUntil, warnTierAt } from '@huiyuan/shared/tier'
import { endOfMonthAfter } from '@huiyuan/shared/time'
import { v7 as uuidv7 } from 'uuid'
import type { Ctx, ProvenIdentity } from '../ctx'
import type { GoodLine } from './prepare-line'

type Row = Record<string, unknown>

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
const randomDigits = () => `${randomInt(10_000_000)}`.padStart(7, '0') + `${randomInt(10_000_000)}`.padStart(7, '0')

/** What a line brings in points and growth. */
export const pointsOf = ({ line }: GoodLine): number => sum(line.lots.map(({ points }) => points))
export const growthOf = ({ line }: GoodLine): number => sum(line.growth.map(({ amount }) => amount))

/** Cards that the counter may read as a member's number. */
export const printedNumbers = ({ line }: GoodLine): string[] => line.cards.filter(isMemberNo)

/** The rows that import_post writes. */
class Posted {
  readonly effects: Row[] = []
  readonly identities: Row[] = []
  readonly numbers: Row[] = []
  readonly tags: Row[] = []
  readonly lots: Row[] = []
  readonly growth: Row[] = []

  constructor(
    private readonly tx: Ctx,
    private readonly startedAt: Date,
  ) {}

  add(memberId: string, good: GoodLine, take: ProvenIdentity[], numbers: string[]): void {
    const { line, source, figures, activeAt } = good
    const { keys, policy } = this.tx
    const msecs = this.tx.now().getTime()
    this.effects.push({ memberId, source })
    for (const { kind, issuer, subject, readable } of take) {
      const sealed = readable ? base64(keys.seal(readable)) : null
      this.identities.push({ memberId, kind, issuer, subject, sealed, at: activeAt })
    }
    for (const memberNo of numbers) this.numbers.push({ memberId, memberNo })
    for (const tag of line.tags) this.tags.push({ memberId, tag })
    for (const { points, expiresAt: said } of line.lots) {
      const expiresAt = said ?? endOfMonthAfter(this.startedAt, policy.expiryMonths)
      this.lots.push({ memberId, lotId: uuidv7({ msecs }), points, expiresAt, source, figures })
    }
    for (const { amount, earnedAt } of line.growth) this.growth.push({ memberId, amount, earnedAt, source, figures })
  }
}

/** When the tier of somebody who brings this growth is next looked at; null for never. */
function reviewAt({ line }: GoodLine, tier: number, at: Date, policy: Policy): Date | null {
  const leaves = line.growth.map(({ earnedAt }) => growthLeavesAt(earnedAt ?? at, policy).getTime())
  const warns = tier > 1 ? [warnTierAt(tierValidUntil(at, policy), policy).getTime()] : []
  return leaves.length + warns.length > 0 ? new Date(Math.min(...leaves, ...warns)) : null
}

const nameOf = ({ keys }: Ctx, { line }: GoodLine) => (line.name ? base64(keys.seal(line.name)) : null)

/** Account and standing are written set by set with the people. */
const SET_BY_SET = ['ledger_open', 'tier_open']

/** The call of import_people: one new member a line, each with the proofs that it may take. */
export function peopleCall(tx: Ctx, lines: { good: GoodLine; take: ProvenIdentity[] }[], startedAt: Date): Row {
  const { policy, registry } = tx
  const at = tx.now()
  const posted = new Posted(tx, startedAt)
  const people = lines.map(({ good, take }) => {
    const memberId = uuidv7({ msecs: at.getTime() })
    const printed = printedNumbers(good)
    const memberNo = printed[0] ?? memberNoFrom(randomDigits())
    posted.add(memberId, good, take, printed.length > 0 ? printed : [memberNo])
    const growth = growthOf(good)
    const tier = Math.max(good.line.tier ?? 1, tierAt(growth, policy).tier)
    return {
      ...{ memberId, memberNo, nameSealed: nameOf(tx, good), activeAt: good.activeAt },
      joinedAt: good.line.joinedAt ?? good.activeAt,
      ...{ birthMonth: good.line.birthday?.month, birthDay: good.line.birthday?.day },
      ...{ points: pointsOf(good), growth, tier, reviewAt: reviewAt(good, tier, at, policy) },
    }
  })
  const openSteps = registry.openSteps.filter((step) => !SET_BY_SET.includes(step))
  return { at, validUntil: tierValidUntil(at, policy), openSteps, people, ...rowsOf(posted) }
}

interface Known {
  memberId: string
  take: ProvenIdentity[]
  /** Printed on this line's cards and nobody's yet. */
  numbers: string[]
}

/** The call of import_known: what a line brings to somebody who is a member already. */
export function knownCall(tx: Ctx, good: GoodLine, { memberId, take, numbers }: Known, startedAt: Date): Row {
  const { policy } = tx
  const at = tx.now()
  const { line, activeAt } = good
  const posted = new Posted(tx, startedAt)
  posted.add(memberId, good, take, numbers)
  const tier = line.tier ?? 1
  return {
    ...{ memberId, at, validUntil: tierValidUntil(at, policy), ...tierTermsOf(policy) },
    ...{ points: pointsOf(good), growing: growthOf(good), tier, reviewAt: reviewAt(good, tier, at, policy), activeAt },
    ...{ nameSealed: nameOf(tx, good), birthMonth: line.birthday?.month, birthDay: line.birthday?.day },
    ...rowsOf(posted),
  }
}

const rowsOf = ({ effects, identities, numbers, tags, lots, growth }: Posted): Row => ({
  ...{ effects, identities, numbers, tags, lots, growth },
})
