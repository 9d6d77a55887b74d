import { statementWords, type TransferDetail, type TransferReason } from '@huiyuan/shared/ledger'
import { type Ctx, memberIdOf } from '../ctx'

export type StatementKind = 'all' | 'earned' | 'spent' | 'expired' | 'growth'

const REASONS: Record<'earned' | 'spent' | 'expired', TransferReason[]> = {
  earned: ['purchase', 'merged_in', 'opening', 'gift', 'referral', 'obligation', 'exchange_returned', 'grace'],
  spent: ['debt_paid', 'merged_out', 'exchange', 'purchase_returned', 'referral_returned', 'gift_returned'],
  expired: ['expired'],
}

const DEBT = 'member:debt'

/** What was owed and moved along with a merge is neither earned nor spent. */
const filterOf = (kind: StatementKind) =>
  kind === 'all'
    ? {}
    : kind === 'growth'
      ? { unit: 'growth' }
      : {
          unit: 'points',
          reason: { in: REASONS[kind] },
          NOT: [{ fromAccount: DEBT }, { toAccount: DEBT, fromAccount: { startsWith: 'programme:' } }],
        }

/** The member's own movements, newest first, each in words; `cursor` is the id of the last line seen. */
export async function listStatement(
  ctx: Ctx,
  {
    kind = 'all',
    cursor,
    limit = 20,
  }: { kind?: StatementKind | undefined; cursor?: string | undefined; limit?: number | undefined },
) {
  const rows = await ctx.db.transfer.findMany({
    where: { memberId: memberIdOf(ctx), ...filterOf(kind), ...(cursor ? { transferId: { lt: cursor } } : {}) },
    orderBy: { transferId: 'desc' },
    take: limit + 1,
    select: {
      transferId: true,
      unit: true,
      fromAccount: true,
      toAccount: true,
      amount: true,
      reason: true,
      detail: true,
      at: true,
    },
  })
  const page = rows.slice(0, limit)
  return {
    lines: page.map((row) => {
      const unit = row.unit as 'points' | 'growth'
      const reason = row.reason as TransferReason
      const owed = reason !== 'debt_paid' && [row.fromAccount, row.toAccount].includes(DEBT)
      const detail: TransferDetail = { ...(row.detail as TransferDetail), ...(owed ? { debt: true } : {}) }
      return {
        transferId: row.transferId,
        at: row.at.toISOString(),
        unit,
        direction: directionOf(row.fromAccount, row.toAccount),
        amount: row.amount,
        reason,
        words: statementWords({ unit, reason, amount: row.amount, at: row.at, detail }, ctx.now()),
      }
    }),
    nextCursor: rows.length > limit ? (page.at(-1)?.transferId ?? null) : null,
  }
}

const directionOf = (from: string, to: string): 'in' | 'out' | 'move' =>
  from.startsWith('member:') && to.startsWith('member:') ? 'move' : to.startsWith('member:') ? 'in' : 'out'
