-- Growth counts for a window and moves with the day it was earned on. What a call reads is what was written since the window
-- began: transfer ids begin with their time, so the history before it is never looked at.

-- The lowest id that a transfer of this instant can have.
CREATE OR REPLACE FUNCTION ledger_id_from(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (rpad(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0'))::uuid
$$;

-- Growth earned since `since`, source by source, and below zero what of it was given back or moved away. What a merge or its undo
-- brought counts from the day on which it had been earned. What came and went again adds up to nothing under one reason.
-- `sources` adds up to how many there are: one that came back in part is one.
CREATE OR REPLACE FUNCTION ledger_growth_lines(member uuid, since timestamptz)
RETURNS TABLE (reason text, earned_at timestamptz, growth int, sources int)
LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT t.reason, t.from_account, t.to_account, t.amount, t.effect_kind, t.effect_source, t.detail ? 'leftFen' AS in_part,
        coalesce((t.detail->>'earnedAt')::timestamptz, t.at) AS earned_at
      FROM transfer t WHERE t.member_id = member AND t.transfer_id >= ledger_id_from(since) AND t.unit = 'growth')
  SELECT m.reason, m.earned_at, m.amount, 1 FROM moved m WHERE m.to_account = 'member:growth' AND m.earned_at >= since
  UNION ALL
  SELECT CASE WHEN m.reason = 'merged_out' THEN 'separated_in' ELSE coalesce(c.reason, 'merged_in') END, m.earned_at, -m.amount,
      CASE WHEN m.to_account = 'programme:moved' AND m.effect_source IS NULL THEN -1 WHEN c.reason IS NULL OR m.in_part THEN 0 ELSE -1 END
    FROM moved m LEFT JOIN moved c ON c.to_account = 'member:growth' AND c.effect_kind = m.effect_kind AND c.effect_source = m.effect_source
    WHERE m.from_account = 'member:growth' AND m.to_account IN ('programme:issued', 'programme:moved') AND m.earned_at >= since
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

-- The days of a merge's growth that still count go back, less what was returned since of the separated record's own purchases: those
-- returns are told again with the record whose purchases they were. → how much went back
CREATE OR REPLACE FUNCTION ledger_unmerge_growth(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  counts_from timestamptz := tier_counts_from(now_at, coalesce((call->>'windowMonths')::int, 12));
  room int;
  one record;
  part int;
  came int := 0;
BEGIN
  IF NOT call->'moved' ? 'growth' THEN RETURN 0; END IF;
  PERFORM ledger_settle_growth(jsonb_build_object('memberId', src, 'at', now_at, 'from', counts_from));
  SELECT growth INTO room FROM account WHERE member_id = src;
  FOR one IN
      WITH back AS MATERIALIZED (SELECT date_trunc('day', (f.detail->>'earnedAt')::timestamptz AT TIME ZONE 'Asia/Shanghai') AS on_day,
          sum(f.amount)::int AS growth, jsonb_agg(to_jsonb(f)) AS flows FROM ledger_flows(call, 'growth') f
        WHERE f.theirs AND f.to_account = 'programme:issued' GROUP BY 1)
      SELECT (d->>0)::timestamptz AS day, (d->>1)::int AS growth, back.growth AS back, back.flows
      FROM jsonb_array_elements(call->'moved'->'growth') d LEFT JOIN back ON back.on_day = (d->>0)::timestamptz AT TIME ZONE 'Asia/Shanghai'
      WHERE (d->>0)::timestamptz >= counts_from ORDER BY 1 DESC LOOP
    part := least(room, greatest(one.growth - coalesce(one.back, 0), 0));
    PERFORM ledger_unmerge_day(call - '{moved,origins}'::text[], one.day, part, one.growth, one.flows);
    room := room - part;
    came := came + part;
  END LOOP;
  UPDATE account SET growth = growth - came WHERE member_id = src;
  UPDATE account SET growth = growth + came WHERE member_id = dst;
  RETURN came;
END $$;

-- One day's growth: `part` leaves the survivor; the separated record gets that and at once gives what was returned since, as far
-- as it had been moved.
CREATE OR REPLACE FUNCTION ledger_unmerge_day(call jsonb, day timestamptz, part int, growth int, flows jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  back jsonb;
  again int;
  whole int := part;
  line jsonb := call || jsonb_build_object('memberId', call->'to', 'kind', NULL, 'sourceId', NULL);
  marked jsonb := jsonb_build_object('earnedAt', iso_text(day), 'from', call->'from');
BEGIN
  IF part > 0 THEN
    PERFORM ledger_move(line || jsonb_build_object('memberId', call->'from', 'detail', (call->'marks'->'out') || marked),
      'growth', 'member:growth', 'programme:moved', part, NULL, 'separated_out');
  END IF;
  FOR back IN SELECT value FROM jsonb_array_elements(coalesce(flows, '[]')) LOOP
    again := least((back->>'amount')::int, growth - whole);
    CONTINUE WHEN again <= 0;
    PERFORM ledger_move(line || jsonb_build_object('kind', back->'effect_kind', 'sourceId', back->'effect_source', 'detail', back->'detail'),
      'growth', 'member:growth', 'programme:moved', again, NULL, back->>'reason');
    whole := whole + again;
  END LOOP;
  IF whole > 0 THEN
    PERFORM ledger_move(line || jsonb_build_object('detail', (call->'marks'->'in') || marked),
      'growth', 'programme:moved', 'member:growth', whole, NULL, 'separated_in');
  END IF;
END $$;
