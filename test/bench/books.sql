-- Books that were never lived but add up: whole purchases with all that became of their points, written set by set.

-- The n-th member's id, in the order of joining.
CREATE FUNCTION bench_member(n int) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1690000000000 + n::bigint * 30000), 12, '0') || '7' || substr(md5(n::text), 1, 3) || 'a' || substr(md5(n::text), 4, 15))::uuid
$$;

-- The purchases to write, in a table of the connection's own. fate: pending | live | spent | expired
CREATE FUNCTION bench_open_books() RETURNS void
LANGUAGE sql AS $$
  CREATE TEMP TABLE IF NOT EXISTS bench_purchase (
    member_id uuid, lot_id uuid, order_id text, redemption_id text, at timestamptz(3), points int, fate text
  )
$$;

-- Writes what waits in bench_purchase: lots, effects, lot uses and transfers, each in the order of time; the accounts come
-- after all of them (bench_close_books). → how many transfers
CREATE FUNCTION bench_write_books() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  written bigint;
BEGIN
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    SELECT member_id, lot_id, lot_id, CASE fate WHEN 'pending' THEN 'pending' ELSE 'active' END, points,
           CASE WHEN fate IN ('pending', 'live') THEN points ELSE 0 END, at + interval '15 days', at + interval '365 days', 'order', order_id
      FROM bench_purchase;
  INSERT INTO effect (kind, source_id, part, member_id, at) SELECT 'order', order_id, 'award', member_id, at FROM bench_purchase;
  INSERT INTO effect (kind, source_id, part, member_id, at)
    SELECT 'redemption', redemption_id, 'spend', member_id, at + interval '40 days' FROM bench_purchase WHERE fate = 'spent';
  INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
    SELECT member_id, 'redemption', redemption_id, lot_id, lot_id, points, at + interval '15 days', at + interval '365 days'
      FROM bench_purchase WHERE fate = 'spent';
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT p.member_id, uuidv7(p.at + move.later - clock_timestamp()), move.unit, move.source, move.target, p.points, move.reason,
           move.detail, CASE move.unit WHEN 'points' THEN p.lot_id END, move.kind,
           CASE move.kind WHEN 'order' THEN p.order_id WHEN 'redemption' THEN p.redemption_id END, p.at + move.later
      FROM bench_purchase p JOIN (VALUES
        ('points', 'programme:issued', 'member:pending', 'purchase', interval '0', 'order', '{"storeName": "湖滨店", "amountFen": 6800}'::jsonb, NULL),
        ('growth', 'programme:issued', 'member:growth', 'purchase', interval '0', 'order', '{"storeName": "湖滨店", "amountFen": 6800}', NULL),
        ('points', 'member:pending', 'member:available', 'matured', interval '15 days', NULL, '{}', 'past'),
        ('points', 'member:available', 'programme:spent', 'exchange', interval '40 days', 'redemption', '{"title": "桂花乌龙 一盏"}', 'spent'),
        ('points', 'member:available', 'programme:expired', 'expired', interval '365 days', NULL, '{}', 'expired')
      ) move (unit, source, target, reason, later, kind, detail, only_when)
        ON move.only_when IS NULL OR move.only_when = p.fate OR (move.only_when = 'past' AND p.fate <> 'pending');
  GET DIAGNOSTICS written = ROW_COUNT;
  TRUNCATE bench_purchase;
  RETURN written;
END $$;

-- What the lots say stands in the accounts.
CREATE FUNCTION bench_close_books() RETURNS void
LANGUAGE sql AS $$
  INSERT INTO account (member_id, available_points, pending_points, growth)
    SELECT member_id, coalesce(sum(remaining) FILTER (WHERE state = 'active'), 0), coalesce(sum(remaining) FILTER (WHERE state = 'pending'), 0),
           coalesce(sum(earned) FILTER (WHERE effect_kind = 'order'), 0)
      FROM lot GROUP BY member_id
    ON CONFLICT (member_id) DO UPDATE SET available_points = excluded.available_points, pending_points = excluded.pending_points,
      growth = excluded.growth
$$;
