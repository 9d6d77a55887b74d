-- Spending, giving back and taking back. Protects: I-L3 (short or in debt is refused before anything moves), I-L5 (each
-- claims its part of the effect), I-L6 (the account row and the lots it takes, never the history), I-M2 and I-P4 with
-- the statements that call it.

-- Holds the account, against a merge too, and brings its lots up to `at`.
CREATE OR REPLACE FUNCTION ledger_hold(member uuid, at timestamptz) RETURNS account
LANGUAGE plpgsql AS $$
DECLARE
  own account;
BEGIN
  SELECT * INTO own FROM account WHERE member_id = member FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN PERFORM refuse('BUSY'); END IF;
  IF EXISTS (SELECT 1 FROM lot WHERE member_id = member AND remaining > 0
      AND ((state = 'pending' AND active_at <= at) OR expires_at < at)) THEN
    PERFORM ledger_settle_lots(jsonb_build_object('memberId', member, 'at', at));
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN own;
END $$;

-- One movement of one lot between the member and the programme; growth has no lot.
CREATE OR REPLACE FUNCTION ledger_move(call jsonb, what text, source text, target text, how_many int, of_lot uuid, why text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), what, source, target, how_many, why,
            coalesce(call->'detail', '{}'), of_lot, call->>'kind', call->>'sourceId', (call->>'at')::timestamptz)
$$;

-- Claims one part of a source's effect; false when it has had it.
CREATE OR REPLACE FUNCTION ledger_claim(call jsonb, which text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', which, (call->>'memberId')::uuid, (call->>'at')::timestamptz)
    ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Spends points, earliest end first, ties by lot id, and notes which lots paid.
-- {memberId, at, kind, sourceId, points, reason, detail} → {available}, or NULL when this source has had its effect.
-- Refuses IN_DEBT, POINTS_SHORT {shortPoints}, BUSY (merged meanwhile).
-- One plan for everybody: a plan of their own for members whose history fills much of the table reads everybody's live lots.
CREATE OR REPLACE FUNCTION ledger_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  paying lot;
  part int;
BEGIN
  IF NOT ledger_claim(call, 'spend') THEN RETURN NULL; END IF;
  IF own.debt_points > 0 THEN PERFORM refuse('IN_DEBT', jsonb_build_object('debtPoints', own.debt_points)); END IF;
  IF own.available_points < owed THEN
    PERFORM refuse('POINTS_SHORT', jsonb_build_object('shortPoints', owed - own.available_points));
  END IF;
  UPDATE account SET available_points = available_points - owed WHERE member_id = member RETURNING * INTO own;
  FOR paying IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0
      ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, paying.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = paying.lot_id;
    INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
      VALUES (member, call->>'kind', call->>'sourceId', paying.lot_id, paying.origin_lot_id, part, paying.active_at, paying.expires_at);
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:spent', part, paying.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN RAISE EXCEPTION 'the lots of % hold less than its account', member; END IF;
  RETURN jsonb_build_object('available', own.available_points);
END $$;

-- Gives the points of a spend back to their lots with their old end. Where a lot has ended meanwhile, its points live on
-- to {graceUntil}, once per origin lot: what one spend took from several lots of one origin comes back together, what a later
-- return brings ends at once. What comes back in several parts says how many `points` and as which `part`; 'return' is the last, with
-- all that is left. {memberId, at, kind, sourceId, part?, points?, graceUntil, reason, detail} → {returned, grace, expired, available} in points, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_return_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  used lot_use;
  back uuid;
  -- NULL for all that is left
  owed int := CASE WHEN call->>'part' <> 'return' THEN (call->>'points')::int END;
  graced uuid[] := '{}';
  returned int := 0;
  grace int := 0;
  expired int := 0;
BEGIN
  IF NOT ledger_claim(call, coalesce(call->>'part', 'return')) THEN RETURN NULL; END IF;
  FOR used IN SELECT * FROM lot_use WHERE member_id = member AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      AND lot_use.returned < lot_use.points ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    used.points := least(used.points - used.returned, owed);
    owed := owed - used.points;
    UPDATE lot_use SET returned = lot_use.returned + used.points WHERE member_id = member AND effect_kind = used.effect_kind
      AND effect_source = used.effect_source AND lot_id = used.lot_id;
    IF used.expires_at >= now_at THEN
      back := ledger_refill(call, used, used.expires_at);
      returned := returned + used.points;
    ELSIF used.origin_lot_id = ANY (graced)
        OR ledger_claim(call || jsonb_build_object('kind', 'grace', 'sourceId', used.origin_lot_id), 'lot') THEN
      graced := graced || used.origin_lot_id;
      back := ledger_refill(call, used, (call->>'graceUntil')::timestamptz);
      grace := grace + used.points;
    ELSE
      back := ledger_refill(call, used, used.expires_at);
      PERFORM ledger_end_refill(call, used.points, back);
      expired := expired + used.points;
      CONTINUE;
    END IF;
    PERFORM ledger_pay_debt(member, back, now_at);
  END LOOP;
  SELECT * INTO own FROM account WHERE member_id = member;
  RETURN jsonb_build_object('returned', returned, 'grace', grace, 'expired', expired, 'available', own.available_points);
END $$;

-- Points that come back after their end: they go at once, but not before they came.
CREATE OR REPLACE FUNCTION ledger_end_refill(call jsonb, points int, into_lot uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
BEGIN
  UPDATE lot SET remaining = remaining - points WHERE member_id = member AND lot_id = into_lot;
  UPDATE account SET available_points = available_points - points WHERE member_id = member;
  PERFORM ledger_move(call || '{"detail": {}}', 'points', 'member:available', 'programme:expired', points, into_lot, 'expired');
END $$;

-- Puts points back into the lot they came from; into a new one of the same origin where that lot ended or moved.
CREATE OR REPLACE FUNCTION ledger_refill(call jsonb, used lot_use, ends_at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  into_lot uuid := used.lot_id;
BEGIN
  UPDATE lot SET remaining = remaining + used.points
    WHERE member_id = used.member_id AND lot_id = into_lot AND expires_at = ends_at AND remaining + used.points <= earned;
  IF NOT FOUND THEN
    into_lot := uuid_v7(now_at);
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (used.member_id, into_lot, used.origin_lot_id, 'active', used.points, used.points,
              least(used.active_at, now_at), ends_at, call->>'kind', call->>'sourceId');
  END IF;
  UPDATE account SET available_points = available_points + used.points WHERE member_id = used.member_id;
  PERFORM ledger_move(call || jsonb_build_object('detail', coalesce(call->'detail', '{}') || jsonb_build_object('expiresAt', iso_text(ends_at))),
    'points', 'programme:spent', 'member:available', used.points, into_lot,
    CASE WHEN ends_at > used.expires_at THEN 'grace' ELSE call->>'reason' END);
  RETURN into_lot;
END $$;

-- Takes back what a source had awarded: its own lot first, pending or active, then other active lots, then visible debt.
-- Growth goes back as far as the account still holds it. What is taken back in several parts names each; 'take_back' is the last.
-- {memberId, at, kind, sourceId, part?, points, growth, earnedAt, reason, detail} → {pending, available, debt, growth, growthAfter}, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_take_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  grown int := least((call->>'growth')::int, own.growth);
  giving lot;
  part int;
  from_pending int := 0;
  from_available int := 0;
BEGIN
  IF NOT ledger_claim(call, coalesce(call->>'part', 'take_back')) THEN RETURN NULL; END IF;
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND remaining > 0
      AND (state = 'active' OR (effect_kind = call->>'kind' AND effect_source = call->>'sourceId'))
      ORDER BY (effect_kind = call->>'kind' AND effect_source = call->>'sourceId') DESC, expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', CASE giving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      'programme:issued', part, giving.lot_id, call->>'reason');
    IF giving.state = 'pending' THEN from_pending := from_pending + part; ELSE from_available := from_available + part; END IF;
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:issued', owed, NULL, call->>'reason'); END IF;
  IF grown > 0 THEN PERFORM ledger_move(call, 'growth', 'member:growth', 'programme:issued', grown, NULL, call->>'reason'); END IF;
  UPDATE account SET pending_points = pending_points - from_pending, available_points = available_points - from_available,
      debt_points = debt_points + owed, growth = growth - grown WHERE member_id = member;
  RETURN jsonb_build_object('pending', from_pending, 'available', from_available, 'debt', owed, 'growth', grown,
    'growthAfter', own.growth - grown);
END $$;

-- Takes back what one lot still holds, wherever its points have moved or come back to; never other points, never debt.
-- Run again, it finds nothing. {memberId, at, kind, sourceId, originLotId, reason, detail} → {taken}
CREATE OR REPLACE FUNCTION ledger_take_lot(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  giving lot;
  taken int := 0;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid AND state = 'active'
      AND remaining > 0 LOOP
    UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:issued', giving.remaining, giving.lot_id, call->>'reason');
    taken := taken + giving.remaining;
  END LOOP;
  UPDATE account SET available_points = available_points - taken WHERE member_id = member AND taken > 0;
  RETURN jsonb_build_object('taken', taken);
END $$;
