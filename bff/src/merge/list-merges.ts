import { maskName } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import type { MergeReason, MergeSummary } from '../member'
import { refuse } from '../refusal'
import { type ShownPerson, showPerson } from './find-person'
import type { UndoCharge, UndoSummary } from './undo-merge'

/** A merge as operators see it in the journal. */
export interface ShownMerge {
  mergeId: string
  because: MergeReason
  /** ISO */
  at: string
  survivorNo4: string
  survivorName: string | null
  otherNo4: string
  /** Staff numbers; null where the rule was enough. */
  staffNo: string | null
  note: string | null
  came: MergeSummary['came']
  undone: { at: string; staffNo: string; charge: UndoCharge; note: string } | null
}

interface Row {
  mergeId: string
  memberId: string
  otherId: string
  because: MergeReason
  at: Date
  staffId: string | null
  note: string | null
  summary: MergeSummary
  survivorNo: string
  survivorName: Uint8Array | null
  otherNo: string
  staffNo: string | null
  undoAt: Date | null
  undoStaffNo: string | null
  undoCharge: UndoCharge | null
  undoNote: string | null
  undoSummary: UndoSummary | null
}

const PAGE = 20

/** The journal of the whole brand, the latest first; `cursor` is the last one seen. */
export async function listMerges(
  ctx: Ctx,
  { cursor, limit = PAGE }: { cursor?: string | undefined; limit?: number | undefined },
): Promise<{ merges: ShownMerge[]; nextCursor: string | null }> {
  const rows = await rowsOf(ctx, { before: cursor ?? null, only: null, limit: limit + 1 })
  const page = rows.slice(0, limit)
  return {
    merges: page.map((row) => shownMerge(ctx, row)),
    nextCursor: rows.length > limit ? (page.at(-1)?.mergeId ?? null) : null,
  }
}

export interface MergeDetail extends ShownMerge {
  reversed: MergeSummary['reversed']
  survivor: ShownPerson
  /** The separated member as it is now; null while the merge stands. */
  separated: ShownPerson | null
  undoSummary: UndoSummary | null
}

/** One merge with all that is known of it. @throws NOT_FOUND */
export async function showMerge(ctx: Ctx, { mergeId }: { mergeId: string }): Promise<MergeDetail> {
  const [row] = await rowsOf(ctx, { before: null, only: mergeId, limit: 1 })
  if (!row) return refuse('NOT_FOUND', { noun: 'merge' })
  const [survivor, separated] = await Promise.all([
    showPerson(ctx, row.memberId),
    row.undoAt ? showPerson(ctx, row.otherId) : null,
  ])
  return { ...shownMerge(ctx, row), reversed: row.summary.reversed, survivor, separated, undoSummary: row.undoSummary }
}

const shownMerge = (ctx: Ctx, row: Row): ShownMerge => ({
  mergeId: row.mergeId,
  because: row.because,
  at: row.at.toISOString(),
  survivorNo4: row.survivorNo.slice(-4),
  survivorName: row.survivorName ? maskName(ctx.keys.openText(row.survivorName)) : null,
  otherNo4: row.otherNo.slice(-4),
  staffNo: row.staffNo ?? (row.staffId ? '离职同事' : null),
  note: row.note,
  came: row.summary.came,
  undone:
    row.undoAt && row.undoCharge
      ? {
          at: row.undoAt.toISOString(),
          staffNo: row.undoStaffNo ?? '离职同事',
          charge: row.undoCharge,
          note: row.undoNote ?? '',
        }
      : null,
})

/** The ids are in the order of time, so they are the page's place, too. */
const rowsOf = (ctx: Ctx, { before, only, limit }: { before: string | null; only: string | null; limit: number }) =>
  ctx.db.$queryRaw<Row[]>`
    SELECT r.merge_id AS "mergeId", r.member_id AS "memberId", r.other_id AS "otherId", r.because, r.at, r.staff_id AS "staffId",
        r.note, r.summary, s.member_no AS "survivorNo", s.name_sealed AS "survivorName", o.member_no AS "otherNo",
        j.staff_no AS "staffNo", u.at AS "undoAt", k.staff_no AS "undoStaffNo", u.charge AS "undoCharge", u.note AS "undoNote",
        u.summary AS "undoSummary"
      FROM merge_record r JOIN member s ON s.member_id = r.member_id JOIN member o ON o.member_id = r.other_id
        LEFT JOIN staff j ON j.member_id = r.staff_id LEFT JOIN merge_undo u ON u.member_id = r.member_id AND u.merge_id = r.merge_id
        LEFT JOIN staff k ON k.member_id = u.staff_id
      WHERE (${only}::uuid IS NULL OR r.merge_id = ${only}::uuid) AND (${before}::uuid IS NULL OR r.merge_id < ${before}::uuid)
      ORDER BY r.merge_id DESC LIMIT ${limit}`
