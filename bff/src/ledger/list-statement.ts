import { statementWords, type TransferDetail, type TransferReason } from '@huiyuan/shared/ledger'
import { type Ctx, memberIdOf } from '../ctx'
import { groupedMoves, instantOf, lastIdOfInstant, type Move } from './grouped-moves'

export type StatementKind = 'all' | 'earned' | 'spent' | 'expired' | 'growth'

const REASONS: Record<'earned' | 'spent' | 'expired', TransferReason[]> = {
  earned: [
    'purchase',
    'merged_in',
    'separated_in',
    'separated_refilled',
    'separated_returned',
    'opening',
    'imported',
    'gift',
    'gift_restored',
    'referral',
    'referral_restored',
    'obligation',
    'exchange_returned',
    'points_released',
    'points_returned',
    'grace',
    'adjusted',
  ],
  spent: [
    'debt_paid',
    'merged_out',
    'separated_out',
    'separated_charged',
    'exchange',
    'points_paid',
    'purchase_returned',
    'referral_returned',
    'obligation_returned',
    'gift_returned',
    'adjusted',
  ],
  expired: ['expired'],
}

const DEBT = 'member:debt'
const ADJUSTED = 'programme:adjusted'

/** What was owed and moved along with a merge or its undo is neither earned nor spent; a correction is the one or the other. */
const filterOf = (kind: StatementKind) =>
  kind === 'all'
    ? {}
    : kind === 'growth'
      ? { unit: 'growth' }
      : {
          unit: 'points',
          reason: { in: REASONS[kind] },
          NOT: [
            { reason: { in: ['merged_in', 'separated_in'] }, fromAccount: DEBT },
            { reason: { in: ['merged_out', 'separated_out'] }, toAccount: DEBT },
            { reason: 'adjusted', [kind === 'earned' ? 'toAccount' : 'fromAccount']: ADJUSTED },
          ],
        }

/**
 * The member's own movements, newest first, each in words; `cursor` is the id of the last line seen. What one exchange
 * took from several lots is one line, and so is what a merge or its undo moved.
 */
export async function listStatement(
  ctx: Ctx,
  {
    kind = 'all',
    cursor,
    limit = 20,
  }: { kind?: StatementKind | undefined; cursor?: string | undefined; limit?: number | undefined },
) {
  const moves = await readMoves(ctx, kind, cursor?.toLowerCase(), limit)
  const page = moves.slice(0, limit)
  return {
    lines: page.map(({ transferId, unit, direction, owed, amount, reason, at, detail }) => {
      const told: TransferDetail = {
        ...detail,
        ...(owed ? { debt: true } : {}),
        ...(direction === 'out' ? { out: true } : {}),
      }
      return {
        transferId,
        at: at.toISOString(),
        unit,
        direction,
        amount,
        reason,
        words: statementWords({ unit, reason, amount, at, detail: told }, ctx.now()),
      }
    }),
    nextCursor: moves.length > limit ? (page.at(-1)?.transferId ?? null) : null,
  }
}

/**
 * More than `limit` lines behind the cursor, or all there are. What belongs to one line was written in one millisecond:
 * the cursor's own is read again from its top, and the oldest one read counts only when it was read to its end.
 */
async function readMoves(ctx: Ctx, kind: StatementKind, cursor: string | undefined, limit: number): Promise<Move[]> {
  const take = 2 * limit + 10
  const rows: Awaited<ReturnType<typeof readRows>> = []
  let upTo: { lte: string } | { lt: string } | undefined = cursor ? { lte: lastIdOfInstant(cursor) } : undefined
  for (;;) {
    const more = await readRows(ctx, { ...filterOf(kind), ...(upTo ? { transferId: upTo } : {}) }, take)
    rows.push(...more)
    const moves = groupedMoves(rows).filter(({ transferId }) => !cursor || transferId < cursor)
    const last = more.at(-1)
    if (!last || more.length < take) return moves
    const whole = moves.filter(({ transferId }) => instantOf(transferId) > instantOf(last.transferId))
    if (whole.length > limit) return whole
    upTo = { lt: last.transferId }
  }
}

const readRows = (ctx: Ctx, where: object, take: number) =>
  ctx.db.transfer.findMany({
    where: { ...where, memberId: memberIdOf(ctx) },
    orderBy: { transferId: 'desc' },
    take,
    select: {
      transferId: true,
      unit: true,
      fromAccount: true,
      toAccount: true,
      amount: true,
      reason: true,
      detail: true,
      effectKind: true,
      effectSource: true,
      at: true,
    },
  })
