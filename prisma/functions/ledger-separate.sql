-- The movements of a merge that is taken back: what the survivor still holds, what it used, what either owes.

-- What the survivor still holds of the separated record's points goes back into its old lots. → points
CREATE OR REPLACE FUNCTION ledger_bring_lots(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  -- only what a line needs: it is read again for each lot
  line jsonb := jsonb_build_object('from', call->'from', 'to', call->'to', 'at', call->'at', 'marks', call->'marks');
  one record;
  moving lot;
  came int := 0;
  waiting int := 0;
BEGIN
  FOR one IN SELECT lot AS held, (was.pair->>0)::uuid AS old FROM lot
      LEFT JOIN jsonb_array_elements(coalesce(call->'moved'->'lots', '[]')) was (pair) ON was.pair->>1 = lot.lot_id::text
      WHERE lot.member_id = (call->>'from')::uuid AND lot.remaining > 0
        AND lot.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins')))) ORDER BY lot.expires_at, lot.lot_id LOOP
    moving := one.held;
    UPDATE lot SET remaining = 0 WHERE member_id = moving.member_id AND lot_id = moving.lot_id;
    PERFORM ledger_carry(line, 'points', CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      moving.remaining, moving.lot_id, ledger_place(line, (call->>'to')::uuid, moving, moving.remaining, one.old),
      jsonb_build_object('expiresAt', iso_text(moving.expires_at)), 'separated');
    came := came + moving.remaining;
    IF moving.state = 'pending' THEN waiting := waiting + moving.remaining; END IF;
  END LOOP;
  UPDATE account SET available_points = available_points - (came - waiting), pending_points = pending_points - waiting
    WHERE member_id = (call->>'from')::uuid;
  UPDATE account SET available_points = available_points + (came - waiting), pending_points = pending_points + waiting
    WHERE member_id = (call->>'to')::uuid;
  RETURN came;
END $$;

-- Finds the lot into which points like those of `sample` go: `best`, another one of the same origin and end, or a new one.
CREATE OR REPLACE FUNCTION ledger_place(call jsonb, member uuid, sample lot, points int, best uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  into_lot uuid;
BEGIN
  UPDATE lot SET remaining = remaining + points, state = sample.state WHERE member_id = member AND lot_id = best
    AND origin_lot_id = sample.origin_lot_id AND expires_at = sample.expires_at AND remaining + points <= earned
    AND (state = sample.state OR remaining = 0 AND sample.state = 'active');
  IF FOUND THEN RETURN best; END IF;
  SELECT lot_id INTO into_lot FROM lot WHERE member_id = member AND origin_lot_id = sample.origin_lot_id
    AND expires_at = sample.expires_at AND remaining + points <= earned
    AND (state = sample.state OR remaining = 0 AND sample.state = 'active') ORDER BY lot_id LIMIT 1;
  IF FOUND THEN
    UPDATE lot SET remaining = remaining + points, state = sample.state WHERE member_id = member AND lot_id = into_lot;
    RETURN into_lot;
  END IF;
  into_lot := uuid_v7((call->>'at')::timestamptz);
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, into_lot, sample.origin_lot_id, sample.state, points, points, sample.active_at, sample.expires_at,
            sample.effect_kind, sample.effect_source);
  RETURN into_lot;
END $$;

-- As ledger_place, for points that were spent or paid with: they are active, and live on for a while where their end has passed.
CREATE OR REPLACE FUNCTION ledger_refund(call jsonb, member uuid, sample lot, points int, source text, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  into_lot uuid;
BEGIN
  IF points = 0 THEN RETURN; END IF;
  sample.state := 'active';
  sample.active_at := least(sample.active_at, now_at);
  IF sample.expires_at < now_at THEN sample.expires_at := (call->>'graceUntil')::timestamptz; END IF;
  into_lot := ledger_place(call, member, sample, points, sample.lot_id);
  UPDATE account SET available_points = available_points + points WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(now_at), 'points', source, 'member:available', points, why,
            (call->'marks'->CASE WHEN member = (call->>'to')::uuid THEN 'in' ELSE 'out' END)
              || jsonb_build_object('expiresAt', iso_text(sample.expires_at)), into_lot, now_at);
END $$;

-- The separated record gets what the survivor used of its points, `paid` of it from the programme.
CREATE OR REPLACE FUNCTION ledger_bring_used(call jsonb, due jsonb, paid int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  lots jsonb;
  which jsonb;
  sample lot;
  missing int;
  part int;
BEGIN
  FOR one IN SELECT value FROM jsonb_array_elements(due->'origins') LOOP
    missing := (one->>'used')::int;
    -- last, what came back into other lots since and was used again
    lots := (one->'lots') || jsonb_build_array(jsonb_build_array(ledger_latest_lot(call, (one->>'origin')::uuid), missing));
    FOR which IN SELECT value FROM jsonb_array_elements(lots) LOOP
      part := least(missing, (which->>1)::int);
      CONTINUE WHEN part = 0;
      SELECT * INTO STRICT sample FROM lot WHERE member_id IN ((call->>'to')::uuid, (call->>'from')::uuid) AND lot_id = (which->>0)::uuid;
      PERFORM ledger_refund(call, (call->>'to')::uuid, sample, least(paid, part), 'programme:adjusted', 'separated_refilled');
      PERFORM ledger_refund(call, (call->>'to')::uuid, sample, greatest(part - paid, 0), 'programme:moved', 'separated_refilled');
      missing := missing - part;
      paid := greatest(paid - part, 0);
    END LOOP;
  END LOOP;
END $$;

-- The lot of one origin that lives longest, with either of the two.
CREATE OR REPLACE FUNCTION ledger_latest_lot(call jsonb, origin uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT lot_id FROM lot WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid) AND origin_lot_id = origin
    ORDER BY expires_at DESC, lot_id LIMIT 1
$$;

-- The separated record owes again what was its own.
CREATE OR REPLACE FUNCTION ledger_bring_debt(call jsonb, owes int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF owes = 0 THEN RETURN; END IF;
  UPDATE account SET debt_points = debt_points + owes WHERE member_id = (call->>'to')::uuid;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES ((call->>'to')::uuid, uuid_v7((call->>'at')::timestamptz), 'points', 'member:debt', 'programme:moved', owes, 'separated_in',
            call->'marks'->'in', (call->>'at')::timestamptz);
END $$;

-- The survivor pays for what it used: active lots, the earliest end first, then visible debt.
CREATE OR REPLACE FUNCTION ledger_charge(call jsonb, owed int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'from')::uuid;
  line jsonb := call || jsonb_build_object('memberId', call->'from', 'detail', call->'marks'->'out', 'kind', NULL, 'sourceId', NULL);
  whole int := owed;
  giving lot;
  part int;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(line, 'points', 'member:available', 'programme:moved', part, giving.lot_id, 'separated_charged');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(line, 'points', 'member:debt', 'programme:moved', owed, NULL, 'separated_charged'); END IF;
  UPDATE account SET available_points = available_points - (whole - owed), debt_points = debt_points + owed WHERE member_id = member;
END $$;

-- The survivor gets what it paid for the separated record: what is still owed goes first, then the lots that paid.
CREATE OR REPLACE FUNCTION ledger_repay(call jsonb, points int, due jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'from')::uuid;
  line jsonb := call || jsonb_build_object('memberId', call->'from', 'detail', call->'marks'->'out', 'kind', NULL, 'sourceId', NULL);
  part int;
  one jsonb;
  sample lot;
BEGIN
  SELECT least(debt_points, points) INTO part FROM account WHERE member_id = member;
  IF part > 0 THEN
    UPDATE account SET debt_points = debt_points - part WHERE member_id = member;
    PERFORM ledger_move(line, 'points', 'programme:moved', 'member:debt', part, NULL, 'separated_out');
    points := points - part;
  END IF;
  FOR one IN SELECT value FROM jsonb_array_elements(coalesce(call->'moved'->'paid', '[]') || (due->'payers')) LOOP
    EXIT WHEN points = 0;
    SELECT * INTO sample FROM lot WHERE member_id = member AND lot_id = (one->>0)::uuid;
    CONTINUE WHEN NOT FOUND OR sample.origin_lot_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'origins'))))
      OR ledger_origin_left(member, sample.origin_lot_id);
    part := least(points, (one->>1)::int, sample.earned - sample.remaining);
    CONTINUE WHEN part = 0;
    PERFORM ledger_refund(call, member, sample, part, 'programme:moved', 'separated_returned');
    points := points - part;
  END LOOP;
  IF points = 0 THEN RETURN; END IF;
  sample := NULL;
  sample.origin_lot_id := uuid_v7((call->>'at')::timestamptz);
  sample.active_at := (call->>'at')::timestamptz;
  sample.expires_at := (call->>'graceUntil')::timestamptz;
  sample.effect_kind := 'merge_undo';
  sample.effect_source := call->>'mergeId';
  PERFORM ledger_refund(call, member, sample, points, 'programme:moved', 'separated_returned');
END $$;

-- Whether points of this first lot are somebody's who was once part of the member and is so no longer: what they paid was settled when
-- that merge was taken back.
CREATE OR REPLACE FUNCTION ledger_origin_left(member uuid, origin uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM lot first JOIN member was ON was.member_id = first.member_id
    WHERE first.member_id = ANY (ARRAY(SELECT merge_heirs(member))) AND first.lot_id = origin
      AND coalesce(was.merged_into, was.member_id) <> member)
$$;

-- Exchanges of the separated record's own go back. Those of the survivor that took its points are the survivor's own from here on: who
-- was charged gets them when one is cancelled, with the end they had; what the programme paid comes back to nobody.
CREATE OR REPLACE FUNCTION ledger_free_uses(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF call->>'charge' = 'programme' THEN
    DELETE FROM lot_use WHERE (member_id, effect_kind, effect_source, lot_id) IN (
      SELECT member_id, effect_kind, effect_source, lot_id FROM ledger_own_uses(call, true));
  END IF;
  UPDATE lot_use own SET lot_id = fresh.id, origin_lot_id = fresh.id FROM (
      SELECT mine.*, uuid_v7((call->>'at')::timestamptz) AS id FROM ledger_own_uses(call, false) mine) fresh
    WHERE (own.member_id, own.effect_kind, own.effect_source, own.lot_id)
      = (fresh.member_id, fresh.effect_kind, fresh.effect_source, fresh.lot_id);
  UPDATE lot_use own SET member_id = (call->>'to')::uuid FROM effect e
    WHERE own.member_id = (call->>'from')::uuid AND e.kind = own.effect_kind AND e.source_id = own.effect_source AND e.part = 'spend'
      AND e.member_id = ANY (ARRAY(SELECT unnest(uuid_list(call->'records')))) AND NOT order_stays(call, own);
END $$;
