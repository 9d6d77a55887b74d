import type { Db } from '../../bff/src/db'
import { proveLedger } from '../../bff/src/ledger/prove-ledger'

/** Every row is a broken promise: which invariant, whose books, what they say and what they should say. */
const BROKEN = `
WITH moved AS (
  SELECT member_id, unit, to_account AS account, amount, lot_id FROM transfer
  UNION ALL
  SELECT member_id, unit, from_account, -amount, lot_id FROM transfer
), own AS (
  SELECT member_id,
    coalesce(sum(amount) FILTER (WHERE account = 'member:available'), 0) AS available,
    coalesce(sum(amount) FILTER (WHERE account = 'member:pending'), 0) AS pending,
    -coalesce(sum(amount) FILTER (WHERE account = 'member:debt'), 0) AS debt,
    coalesce(sum(amount) FILTER (WHERE account = 'member:growth'), 0) AS growth
  FROM moved GROUP BY member_id
), lots AS (
  SELECT member_id, coalesce(sum(remaining) FILTER (WHERE state = 'active'), 0) AS available,
    coalesce(sum(remaining) FILTER (WHERE state = 'pending'), 0) AS pending FROM lot GROUP BY member_id
), lot_moved AS (
  SELECT member_id, lot_id, sum(amount) AS remaining FROM moved
    WHERE lot_id IS NOT NULL AND account IN ('member:available', 'member:pending') GROUP BY member_id, lot_id
), stored AS (
  SELECT sum(available_points + pending_points - debt_points) AS points, sum(growth) AS growth FROM account
), programme AS (
  SELECT unit, coalesce(sum(amount), 0) AS total FROM moved WHERE account LIKE 'programme:%' GROUP BY unit
)
SELECT 'I-L1 ' || unit AS promise, NULL::uuid AS member, total::text AS books,
    (CASE unit WHEN 'points' THEN -stored.points ELSE -stored.growth END)::text AS should
  FROM programme, stored WHERE total <> CASE unit WHEN 'points' THEN -stored.points ELSE -stored.growth END
UNION ALL
SELECT 'I-L1 moved', NULL, sum(amount)::text, '0' FROM moved WHERE account = 'programme:moved' HAVING sum(amount) <> 0
UNION ALL
SELECT 'I-L2 transfers', a.member_id, row(a.available_points, a.pending_points, a.debt_points, a.growth)::text,
    row(own.available, own.pending, own.debt, own.growth)::text
  FROM account a LEFT JOIN own USING (member_id)
  WHERE (a.available_points, a.pending_points, a.debt_points, a.growth) IS DISTINCT FROM
    (coalesce(own.available, 0), coalesce(own.pending, 0), coalesce(own.debt, 0), coalesce(own.growth, 0))
UNION ALL
SELECT 'I-L2 lots', a.member_id, row(a.available_points, a.pending_points)::text, row(l.available, l.pending)::text
  FROM account a LEFT JOIN lots l USING (member_id)
  WHERE (a.available_points, a.pending_points) IS DISTINCT FROM (coalesce(l.available, 0), coalesce(l.pending, 0))
UNION ALL
SELECT 'I-L3', member_id, row(available_points, pending_points, debt_points, growth)::text, 'none below zero' FROM account
  WHERE least(available_points, pending_points, debt_points, growth) < 0
UNION ALL
SELECT 'I-L4 lot', lot.member_id, lot.remaining::text, coalesce(m.remaining, 0)::text
  FROM lot LEFT JOIN lot_moved m USING (member_id, lot_id) WHERE lot.remaining <> coalesce(m.remaining, 0)
UNION ALL
SELECT 'no account', own.member_id, '', own::text FROM own WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.member_id = own.member_id)`

/** I-L1…I-L4 over the whole database: accounts, lots and transfers tell the same story. */
export async function expectLedgerHolds(db: Db): Promise<void> {
  expect(await db.$queryRawUnsafe(BROKEN)).toEqual([])
}

/** The real proof, as `pnpm ledger:prove` runs it: every transfer replayed from zero, also the order in time. */
export async function expectLedgerProven(url: string): Promise<void> {
  const { transfers, difference } = await proveLedger(url)
  expect(difference).toBeNull()
  expect(transfers).toBeGreaterThan(0)
}

/** What all members hold together; a merge moves it, nothing but an award or a charge changes it. */
export async function programmeTotals(db: Db): Promise<{ points: number; growth: number }> {
  const { _sum } = await db.account.aggregate({
    _sum: { availablePoints: true, pendingPoints: true, debtPoints: true, growth: true },
  })
  return {
    points: (_sum.availablePoints ?? 0) + (_sum.pendingPoints ?? 0) - (_sum.debtPoints ?? 0),
    growth: _sum.growth ?? 0,
  }
}
