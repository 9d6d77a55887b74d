-- Growth counts for a window and moves with the day it was earned on. What a call reads is what was written since the window
-- began: transfer ids begin with their time, so the history before it is never looked at.

-- The lowest id that a transfer of this instant can have.
CREATE OR REPLACE FUNCTION ledger_id_from(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (rpad(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0'))::uuid
$$;

-- Growth earned since `since`, source by source, and below zero what of it was given back. What a merge brought counts from
-- the day on which the other record had earned it. `sources` adds up to how many there are: one that came back in part is one.
CREATE OR REPLACE FUNCTION ledger_growth_lines(member uuid, since timestamptz)
RETURNS TABLE (reason text, earned_at timestamptz, growth int, sources int)
LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT t.reason, t.from_account, t.to_account, t.amount, t.effect_kind, t.effect_source, t.detail ? 'leftFen' AS in_part,
        coalesce((t.detail->>'earnedAt')::timestamptz, t.at) AS earned_at
      FROM transfer t WHERE t.member_id = member AND t.transfer_id >= ledger_id_from(since) AND t.unit = 'growth')
  SELECT m.reason, m.earned_at, m.amount, 1 FROM moved m WHERE m.to_account = 'member:growth' AND m.earned_at >= since
  UNION ALL
  SELECT coalesce(c.reason, 'merged_in'), m.earned_at, -m.amount, CASE WHEN c.reason IS NULL OR m.in_part THEN 0 ELSE -1 END
    FROM moved m LEFT JOIN moved c ON c.to_account = 'member:growth' AND c.effect_kind = m.effect_kind AND c.effect_source = m.effect_source
    WHERE m.from_account = 'member:growth' AND m.to_account = 'programme:issued' AND m.earned_at >= since
$$;

-- What was earned before {from} leaves the account, in one line per run. {memberId, at, from} → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  gone int;
BEGIN
  SELECT growth INTO held FROM account WHERE member_id = member FOR UPDATE;
  gone := held - (SELECT coalesce(sum(growth), 0) FROM ledger_growth_lines(member, (call->>'from')::timestamptz));
  IF gone IS NULL OR gone <= 0 THEN RETURN '{"expired": 0}'; END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
END $$;
