import { type AdjustmentReason, type AdjustmentState, adjustmentWords } from '@huiyuan/shared/adjustment'
import { maskName } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import type { Db } from '../db'

/** What the database answers of an adjustment; times are ISO strings. */
export interface AdjustmentRow {
  adjustmentId: string
  memberId: string
  /** Signed. */
  points: number
  reason: AdjustmentReason
  note: string
  state: AdjustmentState
  proposedBy: string
  proposedAt: string
  /** The proposer's own where one operator was enough. */
  decidedBy: string | null
  decidedAt: string | null
  decisionNote: string | null
  /** What it could not take and left owed. */
  debtPoints: number
}

/** A correction as operators see it: the member masked, colleagues by their staff number. */
export interface ShownAdjustment extends Omit<AdjustmentRow, 'memberId'> {
  /** The last four digits of the card, `**** 3421`. */
  memberNo: string
  nameMasked: string | null
  /** Proposed by the one who looks: somebody else decides it. */
  mine: boolean
  words: string
}

export const memberNoMasked = (last4: string): string => `**** ${last4}`

/** Dresses rows for the operator `viewerId`, in two round trips however many they are. */
export async function shownAdjustments(ctx: Ctx, viewerId: string, rows: AdjustmentRow[]): Promise<ShownAdjustment[]> {
  const people = await peopleOf(
    ctx.db,
    rows.flatMap(({ memberId, proposedBy, decidedBy }) => [memberId, proposedBy, ...(decidedBy ? [decidedBy] : [])]),
  )
  const staffNoOf = (memberId: string) => people.get(memberId)?.staffNo ?? '离职同事'
  return rows.map(({ memberId, proposedBy, decidedBy, ...row }) => {
    const person = people.get(memberId)
    const last4 = person?.memberNo.slice(-4) ?? '****'
    const shown = {
      ...row,
      nameMasked: person?.nameSealed ? maskName(ctx.keys.openText(person.nameSealed)) : null,
      proposedBy: staffNoOf(proposedBy),
      decidedBy: decidedBy && staffNoOf(decidedBy),
    }
    return {
      ...shown,
      memberNo: memberNoMasked(last4),
      mine: (people.get(proposedBy)?.memberId ?? proposedBy) === viewerId,
      words: adjustmentWords({ ...shown, memberNoLast4: last4 }),
    }
  })
}

interface KnownPerson {
  memberId: string
  memberNo: string
  nameSealed: Uint8Array | null
  staffNo: string | null
}

/** Who these ids are today: a merged record is told as its survivor. */
async function peopleOf(db: Db, memberIds: string[]): Promise<Map<string, KnownPerson>> {
  const ids = [...new Set(memberIds)]
  if (ids.length === 0) return new Map()
  const rows = await db.$queryRaw<(KnownPerson & { asked: string })[]>`
    SELECT m.member_id AS asked, s.member_id AS "memberId", s.member_no AS "memberNo", s.name_sealed AS "nameSealed",
        j.staff_no AS "staffNo"
      FROM member m JOIN member s ON s.member_id = coalesce(m.merged_into, m.member_id) LEFT JOIN staff j ON j.member_id = s.member_id
      WHERE m.member_id = ANY (${ids}::uuid[])`
  return new Map(rows.map(({ asked, ...person }) => [asked, person]))
}
