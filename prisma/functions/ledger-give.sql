-- Points that a merge took back, for whoever gets them again when it is undone.

-- Until when points live on whose end has passed: the end of the day so many days later.
CREATE OR REPLACE FUNCTION ledger_grace_until(call jsonb) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', (call->>'at')::timestamptz AT TIME ZONE 'Asia/Shanghai')
    + make_interval(days => (call->>'graceDays')::int + 1) - interval '1 millisecond') AT TIME ZONE 'Asia/Shanghai'
$$;

-- Puts points that a merge took back (ledger_take_lot) into the lot of that origin again, as far as they fit; into one that lives on
-- for a while where it has ended. {memberId, at, originLotId, points, graceDays, reason, detail, kind?, sourceId?} → {given}
CREATE OR REPLACE FUNCTION ledger_give_lot(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  left_over int := (call->>'points')::int;
  sample lot;
  part int;
  into_lot uuid;
BEGIN
  FOR sample IN SELECT * FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid AND expires_at >= now_at
      AND remaining < earned AND state = 'active' ORDER BY expires_at, lot_id LOOP
    EXIT WHEN left_over = 0;
    part := least(left_over, sample.earned - sample.remaining);
    UPDATE lot SET remaining = remaining + part WHERE member_id = member AND lot_id = sample.lot_id;
    PERFORM ledger_give(call, part, sample.lot_id);
    left_over := left_over - part;
  END LOOP;
  IF left_over > 0 THEN
    SELECT * INTO sample FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid
      ORDER BY expires_at DESC LIMIT 1;
    into_lot := uuid_v7(now_at);
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (member, into_lot, (call->>'originLotId')::uuid, 'active', left_over, left_over, least(sample.active_at, now_at),
              CASE WHEN sample.expires_at >= now_at THEN sample.expires_at ELSE ledger_grace_until(call) END, coalesce(sample.effect_kind, 'merge_undo'),
              coalesce(sample.effect_source, call->>'originLotId'));
    PERFORM ledger_give(call, left_over, into_lot);
  END IF;
  RETURN jsonb_build_object('given', call->'points');
END $$;

CREATE OR REPLACE FUNCTION ledger_give(call jsonb, points int, into_lot uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account SET available_points = available_points + points WHERE member_id = (call->>'memberId')::uuid;
  PERFORM ledger_move(call, 'points', 'programme:issued', 'member:available', points, into_lot, call->>'reason');
  PERFORM ledger_pay_debt((call->>'memberId')::uuid, into_lot, (call->>'at')::timestamptz);
END $$;
