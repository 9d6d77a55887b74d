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
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
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

-- Proposes a correction; what the operator may still move alone today is done at once. The conditional write to the day
-- decides between many at once; nobody moves their own points alone.
-- {request, staffId, memberId, adjustmentId, points, reason, note, day, aloneLimit, titles, expiresAt, at} → adjustment
CREATE OR REPLACE FUNCTION adjustment_propose(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  PERFORM member_hold(member);
  INSERT INTO adjustment (member_id, adjustment_id, points, reason, note, state, proposed_by, proposed_at)
    VALUES (member, (call->>'adjustmentId')::uuid, (call->>'points')::int, call->>'reason', call->>'note', 'waiting',
            own.member_id, (call->>'at')::timestamptz) RETURNING * INTO proposed;
  IF member <> own.member_id AND adjustment_take_alone(own.member_id, call->>'day', abs(proposed.points), (call->>'aloneLimit')::int) THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  END IF;
  PERFORM audit_note(call, own, 'ledger.adjust', proposed.adjustment_id::text);
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- A second operator agrees or not. Neither who proposed it, in whatever record, nor whose points they are.
-- {request, staffId, adjustmentId, agree, note, titles, expiresAt, at} → adjustment
-- Refuses NOT_FOUND, ADJUSTMENT_OWN, ADJUSTMENT_DONE, MEMBER_UNKNOWN (gone meanwhile), BUSY (merged meanwhile).
CREATE OR REPLACE FUNCTION adjustment_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  id uuid := (call->>'adjustmentId')::uuid;
  agreed boolean := (call->>'agree')::boolean;
  known jsonb := request_begin(call->'request');
  own staff;
  member uuid;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  SELECT member_id INTO member FROM adjustment WHERE adjustment_id = id;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "adjustment"}'); END IF;
  -- a refusal moves nothing, so it is possible for somebody who has left, too
  IF agreed THEN PERFORM member_hold(member); END IF;
  SELECT * INTO proposed FROM adjustment WHERE adjustment_id = id FOR UPDATE;
  -- under whatever record: also one that theirs was part of for a while
  IF own.member_id IN (SELECT merge_heirs(who) FROM unnest(ARRAY[proposed.proposed_by, proposed.member_id]) who) THEN
    PERFORM refuse('ADJUSTMENT_OWN');
  END IF;
  IF proposed.state <> 'waiting' THEN PERFORM refuse('ADJUSTMENT_DONE'); END IF;
  IF agreed AND proposed.member_id <> member THEN PERFORM refuse('BUSY'); END IF;
  IF agreed THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  ELSE
    UPDATE adjustment SET state = 'refused', decided_by = own.member_id, decided_at = (call->>'at')::timestamptz,
        decision_note = call->>'note'
      WHERE adjustment_id = id AND state = 'waiting' RETURNING * INTO proposed;
  END IF;
  PERFORM audit_note(call, own, 'ledger.decide', id::text);
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- Takes so many points from what one operator may move alone on one day; false when they do not fit in any more.
CREATE OR REPLACE FUNCTION adjustment_take_alone(operator uuid, which_day text, moved int, alone_limit int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO adjustment_day (staff_id, day, points) SELECT operator, which_day, moved WHERE moved <= alone_limit
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points
      WHERE adjustment_day.points + excluded.points <= alone_limit;
  RETURN FOUND;
END $$;

-- Moves the points of a waiting adjustment. The member is held.
CREATE OR REPLACE FUNCTION adjustment_carry_out(proposed adjustment, decider uuid, call jsonb) RETURNS adjustment
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := ledger_adjust(jsonb_build_object('memberId', proposed.member_id, 'at', call->'at', 'kind', 'adjustment',
    'sourceId', proposed.adjustment_id, 'points', proposed.points, 'expiresAt', call->'expiresAt', 'reason', 'adjusted',
    'detail', jsonb_build_object('title', call->'titles'->>proposed.reason)));
BEGIN
  UPDATE adjustment SET state = 'done', decided_by = decider, decided_at = (call->>'at')::timestamptz,
      -- the note of a proposal that one operator was enough for is no decision's
      decision_note = CASE WHEN decider <> proposed.proposed_by THEN call->>'note' END, debt_points = (moved->>'debt')::int
    WHERE adjustment_id = proposed.adjustment_id AND state = 'waiting' AND moved IS NOT NULL RETURNING * INTO proposed;
  IF NOT FOUND THEN RAISE EXCEPTION 'adjustment % has had its effect', proposed.adjustment_id; END IF;
  RETURN proposed;
END $$;

CREATE OR REPLACE FUNCTION adjustment_row(a adjustment) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('adjustmentId', a.adjustment_id, 'memberId', a.member_id, 'points', a.points, 'reason', a.reason,
    'note', a.note, 'state', a.state, 'proposedBy', a.proposed_by, 'proposedAt', iso_text(a.proposed_at), 'decidedBy', a.decided_by,
    'decidedAt', iso_text(a.decided_at), 'decisionNote', a.decision_note, 'debtPoints', a.debt_points)
$$;

-- What concerned the other record concerns the survivor; what both moved alone on a day was moved by one person.
-- → {adjustments: [ids], waiting: [ids of those not decided yet], days: [[day, points]]}, each only where there is one
CREATE OR REPLACE FUNCTION adjustment_bring(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb;
BEGIN
  WITH own AS (UPDATE adjustment SET member_id = dst WHERE member_id = src RETURNING adjustment_id, state)
    SELECT jsonb_build_object('adjustments', jsonb_agg(adjustment_id), 'waiting', jsonb_agg(adjustment_id) FILTER (WHERE state = 'waiting'))
      INTO moved FROM own;
  -- waits for what the other record is moving as an operator just now
  PERFORM 1 FROM staff WHERE member_id = src FOR UPDATE;
  WITH own AS (DELETE FROM adjustment_day WHERE staff_id = src RETURNING day, points)
    SELECT moved || jsonb_build_object('days', jsonb_agg(jsonb_build_array(day, points))) INTO moved FROM own;
  INSERT INTO adjustment_day (staff_id, day, points) SELECT dst, one->>0, (one->>1)::int
    FROM jsonb_array_elements(CASE jsonb_typeof(moved->'days') WHEN 'array' THEN moved->'days' ELSE '[]' END) one
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points;
  RETURN jsonb_strip_nulls(moved);
END $$;

-- What a merge brought goes back, but for what was carried out since: that stays where its points are.
CREATE OR REPLACE FUNCTION adjustment_bring_back(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE adjustment SET member_id = dst WHERE member_id = src AND adjustment_id = ANY (uuid_list(moved->'adjustments'))
    AND NOT (state = 'done' AND adjustment_id = ANY (uuid_list(moved->'waiting')));
  INSERT INTO adjustment_day (staff_id, day, points) SELECT dst, one->>0, (one->>1)::int
    FROM jsonb_array_elements(coalesce(moved->'days', '[]')) one;
  UPDATE adjustment_day own SET points = own.points - (one->>1)::int FROM jsonb_array_elements(coalesce(moved->'days', '[]')) one
    WHERE own.staff_id = src AND own.day = one->>0;
  DELETE FROM adjustment_day WHERE staff_id = src AND points = 0;
END $$;
