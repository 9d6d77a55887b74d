-- Corrections by hand. Protects: I-L3 (what is not there becomes visible debt), I-L5 (each adjustment claims its effect),
-- the limit of what one operator moves alone (a conditional write, its CHECK behind it) and that nobody agrees with
-- themselves.

-- Gives or takes points by hand. More: one new lot that is active at once and pays what is owed first. Fewer: active lots, the
-- earliest end first, then visible debt. {memberId, at, kind, sourceId, points (signed), expiresAt, reason, detail}
-- → {available, debt: what this one left owed, lotId: the new lot or null}, or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_adjust(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own account := ledger_hold((call->>'memberId')::uuid, (call->>'at')::timestamptz);
  points int := (call->>'points')::int;
  lot uuid;
  owed int := 0;
BEGIN
  IF NOT ledger_claim(call, 'adjust') THEN RETURN NULL; END IF;
  IF points > 0 THEN lot := ledger_adjust_up(call, points); ELSE owed := ledger_adjust_down(call, -points); END IF;
  SELECT * INTO own FROM account WHERE member_id = own.member_id;
  RETURN jsonb_build_object('available', own.available_points, 'debt', owed, 'lotId', lot);
END $$;

-- The account row is held already. → the new lot
CREATE OR REPLACE FUNCTION ledger_adjust_up(call jsonb, points int) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  new_lot uuid := uuid_v7(now_at);
BEGIN
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, new_lot, new_lot, 'active', points, points, now_at, (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  UPDATE account SET available_points = available_points + points WHERE member_id = member;
  PERFORM ledger_move(call, 'points', 'programme:adjusted', 'member:available', points, new_lot, call->>'reason');
  PERFORM ledger_pay_debt(member, new_lot, now_at);
  RETURN new_lot;
END $$;

-- The account row is held already. → what the lots did not hold and is owed now
CREATE OR REPLACE FUNCTION ledger_adjust_down(call jsonb, points int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  owed int := points;
  giving lot;
  part int;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:adjusted', part, giving.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:adjusted', owed, NULL, call->>'reason'); END IF;
  UPDATE account SET available_points = available_points - (points - owed), debt_points = debt_points + owed WHERE member_id = member;
  RETURN owed;
END $$;
