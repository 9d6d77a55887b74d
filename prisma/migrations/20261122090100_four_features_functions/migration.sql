DROP FUNCTION run_along;

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
CREATE OR REPLACE FUNCTION ledger_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
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
-- in one grace lot to {graceUntil}, once per origin lot; a second time they end at once.
-- {memberId, at, kind, sourceId, graceUntil, reason, detail} → {returned, grace, expired, available} in points, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_return_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  used lot_use;
  back uuid;
  returned int := 0;
  grace int := 0;
  expired int := 0;
BEGIN
  IF NOT ledger_claim(call, 'return') THEN RETURN NULL; END IF;
  FOR used IN SELECT * FROM lot_use WHERE member_id = member AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      ORDER BY expires_at, lot_id LOOP
    IF used.expires_at >= now_at THEN
      back := ledger_refill(call, used, used.expires_at);
      returned := returned + used.points;
    ELSIF ledger_claim(call || jsonb_build_object('kind', 'grace', 'sourceId', used.origin_lot_id), 'lot') THEN
      back := ledger_refill(call, used, (call->>'graceUntil')::timestamptz);
      grace := grace + used.points;
    ELSE
      back := ledger_refill(call, used, used.expires_at);
      PERFORM ledger_expire_lot(member, back, now_at);
      expired := expired + used.points;
      CONTINUE;
    END IF;
    PERFORM ledger_pay_debt(member, back, now_at);
  END LOOP;
  SELECT * INTO own FROM account WHERE member_id = member;
  RETURN jsonb_build_object('returned', returned, 'grace', grace, 'expired', expired, 'available', own.available_points);
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
-- Growth goes back as far as the account still holds it.
-- {memberId, at, kind, sourceId, points, growth, earnedAt, reason, detail} → {pending, available, debt, growth, growthAfter}, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_take_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
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
  IF NOT ledger_claim(call, 'take_back') THEN RETURN NULL; END IF;
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

-- The ledger's only writers. Protects: I-L1 (each transfer has two sides), I-L2/I-L3 (account rows move by the
-- amounts of the transfers, CHECKs behind them), I-L5 (an award claims its effect in the same transaction),
-- I-L6 (a call touches the account row and the lots it uses, never the history).

-- Award points and growth for one source. {memberId, at, kind, sourceId, points, growth, activeAt, expiresAt, reason, detail}
-- → {available, pending, growth, lotId} or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_award(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  active_at timestamptz := (call->>'activeAt')::timestamptz;
  points int := (call->>'points')::int;
  grown int := (call->>'growth')::int;
  pending boolean := active_at > at;
  lot uuid := uuid_v7(at);
  own account;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', 'award', member, at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;

  UPDATE account SET
      pending_points = pending_points + CASE WHEN pending THEN points ELSE 0 END,
      available_points = available_points + CASE WHEN pending THEN 0 ELSE points END,
      growth = account.growth + grown
    WHERE member_id = member RETURNING * INTO own;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  -- with the account row held, a merge that took this member away is visible
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN
    PERFORM refuse('BUSY');
  END IF;

  IF points > 0 THEN
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (member, lot, lot, CASE WHEN pending THEN 'pending' ELSE 'active' END, points, points, active_at,
              (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  END IF;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT member, uuid_v7(at), side.unit, 'programme:issued', side.to_account, side.amount, call->>'reason', call->'detail',
           side.lot_id, call->>'kind', call->>'sourceId', at
      FROM (VALUES ('points', CASE WHEN pending THEN 'member:pending' ELSE 'member:available' END, points, lot),
                   ('growth', 'member:growth', grown, NULL)) side (unit, to_account, amount, lot_id)
      WHERE side.amount > 0;
  IF NOT pending AND own.debt_points > 0 THEN
    PERFORM ledger_pay_debt(member, lot, at);
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('available', own.available_points, 'pending', own.pending_points, 'growth', own.growth, 'lotId', lot);
END $$;

-- An active lot pays what the member owes, before anything of it can be spent. The account row is locked already.
CREATE OR REPLACE FUNCTION ledger_pay_debt(member uuid, paying_lot uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  pay int;
BEGIN
  SELECT least(account.debt_points, lot.remaining) INTO pay
    FROM account JOIN lot USING (member_id) WHERE member_id = member AND lot_id = paying_lot;
  IF pay IS NULL OR pay = 0 THEN RETURN; END IF;
  UPDATE lot SET remaining = remaining - pay WHERE member_id = member AND lot_id = paying_lot;
  UPDATE account SET available_points = available_points - pay, debt_points = debt_points - pay WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(at), 'points', 'member:available', 'member:debt', pay, 'debt_paid', '{}', paying_lot, at);
END $$;

-- Brings one member's lots up to {memberId, at}: pending ones whose day has come become spendable, ended ones go.
-- Safe to repeat and to run twice at once: the account row is the lock. → {matured, expired} in points
CREATE OR REPLACE FUNCTION ledger_settle_lots(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  due lot;
  matured int := 0;
  expired int := 0;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  FOR due IN SELECT * FROM lot
      WHERE member_id = member AND remaining > 0
        AND ((state = 'pending' AND active_at <= now_at) OR expires_at < now_at)
      ORDER BY active_at, lot_id LOOP
    IF due.state = 'pending' THEN
      UPDATE lot SET state = 'active' WHERE member_id = member AND lot_id = due.lot_id;
      UPDATE account SET pending_points = pending_points - due.remaining,
          available_points = available_points + due.remaining WHERE member_id = member;
      INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
        VALUES (member, uuid_v7(due.active_at), 'points', 'member:pending', 'member:available', due.remaining, 'matured',
                jsonb_build_object('expiresAt', due.expires_at), due.lot_id, due.active_at);
      matured := matured + due.remaining;
      PERFORM ledger_pay_debt(member, due.lot_id, due.active_at);
    END IF;
    expired := expired + ledger_expire_lot(member, due.lot_id, now_at);
  END LOOP;
  RETURN jsonb_build_object('matured', matured, 'expired', expired);
END $$;

CREATE OR REPLACE FUNCTION ledger_expire_lot(member uuid, ending_lot uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
  ended timestamptz;
BEGIN
  SELECT remaining, expires_at INTO gone, ended FROM lot
    WHERE member_id = member AND lot_id = ending_lot AND remaining > 0 AND expires_at < now_at;
  IF gone IS NULL THEN RETURN 0; END IF;
  UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = ending_lot;
  UPDATE account SET available_points = available_points - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(ended), 'points', 'member:available', 'programme:expired', gone, 'expired', '{}', ending_lot, ended);
  RETURN gone;
END $$;

-- Growth counts for a window; what was earned before {from} leaves the account, in one line per run. → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  gone int;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  SELECT coalesce(sum(amount) FILTER (WHERE to_account = 'member:growth' AND at < (call->>'from')::timestamptz), 0)
       - coalesce(sum(amount) FILTER (WHERE from_account = 'member:growth'
           AND (reason <> 'purchase_returned' OR (detail->>'earnedAt')::timestamptz < (call->>'from')::timestamptz)), 0)
    INTO gone FROM transfer WHERE member_id = member AND unit = 'growth';
  IF gone <= 0 THEN RETURN jsonb_build_object('expired', 0); END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
END $$;

-- Opens an empty account. {memberId}
CREATE OR REPLACE FUNCTION ledger_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO account (member_id) VALUES ((call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- Moves everything of {from} to {to}, lot by lot with expiry and origin, growth too, as pairs of transfers through
-- programme:moved. → {points, growth}
CREATE OR REPLACE FUNCTION ledger_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  moving lot;
  side text;
  new_lot uuid;
  own account;
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  SELECT * INTO own FROM account WHERE member_id = src;
  FOR moving IN SELECT * FROM lot WHERE member_id = src AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    side := CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END;
    new_lot := uuid_v7(at);
    UPDATE lot SET remaining = 0 WHERE member_id = src AND lot_id = moving.lot_id;
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (dst, new_lot, moving.origin_lot_id, moving.state, moving.remaining, moving.remaining, moving.active_at,
              moving.expires_at, moving.effect_kind, moving.effect_source);
    PERFORM ledger_move_pair(src, dst, 'points', side, moving.remaining, moving.lot_id, new_lot, at);
  END LOOP;
  IF own.growth > 0 THEN PERFORM ledger_move_pair(src, dst, 'growth', 'member:growth', own.growth, NULL, NULL, at); END IF;
  IF own.debt_points > 0 THEN PERFORM ledger_move_debt(src, dst, own.debt_points, at); END IF;
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  PERFORM ledger_pay_debt(dst, lot_id, at) FROM lot
    WHERE member_id = dst AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id;
  RETURN jsonb_build_object('points', own.available_points + own.pending_points, 'growth', own.growth);
END $$;

CREATE OR REPLACE FUNCTION ledger_move_pair(src uuid, dst uuid, what text, side text, amount int, old_lot uuid, new_lot uuid, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at) VALUES
    (src, uuid_v7(at), what, side, 'programme:moved', amount, 'merged_out', '{}', old_lot, at),
    (dst, uuid_v7(at), what, 'programme:moved', side, amount, 'merged_in', '{}', new_lot, at)
$$;

-- Debt is the negative side of a member, so it travels the other way round.
CREATE OR REPLACE FUNCTION ledger_move_debt(src uuid, dst uuid, amount int, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at) VALUES
    (src, uuid_v7(at), 'points', 'programme:moved', 'member:debt', amount, 'merged_out', '{}', at),
    (dst, uuid_v7(at), 'points', 'member:debt', 'programme:moved', amount, 'merged_in', '{}', at)
$$;

-- A transfer or an effect is written once; a mistake is undone by a new transfer.
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER transfer_keep BEFORE UPDATE OR DELETE ON transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();
CREATE OR REPLACE TRIGGER effect_keep BEFORE UPDATE OR DELETE ON effect
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();

-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor.
-- Printed numbers keep scanning for ever (I-ID5). Locks both members in id order first. {from, to, at}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  -- merged by somebody else meanwhile: the caller looks again who is who
  IF EXISTS (SELECT 1 FROM member WHERE member_id IN (src, dst) AND status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  UPDATE identity SET member_id = dst WHERE member_id = src;
  -- a person has one phone here: the newest
  DELETE FROM identity old USING identity new
    WHERE old.member_id = dst AND new.member_id = dst AND old.kind = 'phone' AND new.kind = 'phone'
      AND (old.proven_at, old.subject) < (new.proven_at, new.subject);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src
    ON CONFLICT (member_id, document, version) DO UPDATE SET granted_at = least(consent.granted_at, excluded.granted_at);
  DELETE FROM consent WHERE member_id = src;
  UPDATE claim SET settled_at = (call->>'at')::timestamptz
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz),
      name_sealed = coalesce(name_sealed, (SELECT o.name_sealed FROM member o WHERE o.member_id = src)) WHERE member_id = dst;
  UPDATE member SET status = 'merged', merged_into = dst, name_sealed = NULL WHERE member_id = src;
  RETURN '{}';
END $$;

-- Serialises everybody who holds one of these proofs just now, in one order for all. {keys: [text]}
CREATE OR REPLACE FUNCTION member_lock_proofs(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  proof text;
BEGIN
  FOR proof IN SELECT value FROM jsonb_array_elements_text(call->'keys') ORDER BY value COLLATE "C" LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1));
  END LOOP;
  RETURN '{}';
END $$;

-- Writes a new person. {memberId, memberNo, nameSealed (base64 or null), at, arrival} → {created} (false: number taken)
CREATE OR REPLACE FUNCTION member_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO member_no (member_no, member_id) VALUES (call->>'memberNo', (call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '{"created": false}'; END IF;
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, join_link, join_store_id, join_scene)
    VALUES ((call->>'memberId')::uuid, call->>'memberNo', decode(call->>'nameSealed', 'base64'), (call->>'at')::timestamptz,
            (call->>'at')::timestamptz, call->'arrival'->>'channel', call->'arrival'->>'link', call->'arrival'->>'storeId',
            (call->'arrival'->>'scene')::int);
  RETURN '{"created": true}';
END $$;

-- Attaches proofs to a member; a phone may come from another member (it was just proven here), nothing else may.
-- Protects I-ID1: the primary key decides. {memberId, at, proofs: [{kind, issuer, subject, sealed}]}
CREATE OR REPLACE FUNCTION member_attach(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  proof jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'active' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  FOR proof IN SELECT value FROM jsonb_array_elements(call->'proofs') LOOP
    INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
      VALUES (proof->>'kind', proof->>'issuer', proof->>'subject', who, decode(proof->>'sealed', 'base64'), now_at, now_at)
      ON CONFLICT (kind, issuer, subject) DO UPDATE SET proven_at = excluded.proven_at, member_id = excluded.member_id
        WHERE identity.member_id = who OR identity.kind = 'phone';
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    -- a person has one phone here: the newest
    IF proof->>'kind' = 'phone' THEN
      DELETE FROM identity WHERE kind = 'phone' AND member_id = who AND subject <> proof->>'subject';
    END IF;
  END LOOP;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at) WHERE member_id = who;
  RETURN '{}';
END $$;

-- One look at the second proof, counted before it is judged. Looks come one after the other: both members are locked
-- first, in id order like in a merge. {memberId, claimId, at} → {holderId, triesLeft} or NULL
CREATE OR REPLACE FUNCTION member_try_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  look jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (SELECT unnest(ARRAY[c.member_id, c.holder_id]) FROM claim c
      WHERE c.member_id = (call->>'memberId')::uuid AND c.claim_id = (call->>'claimId')::uuid)
    ORDER BY member_id FOR UPDATE;
  UPDATE claim SET tries_left = tries_left - 1
    WHERE member_id = (call->>'memberId')::uuid AND claim_id = (call->>'claimId')::uuid
      AND settled_at IS NULL AND tries_left > 0 AND expires_at > (call->>'at')::timestamptz
    RETURNING jsonb_build_object('holderId', holder_id, 'triesLeft', tries_left) INTO look;
  RETURN look;
END $$;

-- When this person first joined by agreeing: the first WeChat identity or the first consent, on any record that became this
-- one. NULL for a card that nobody has joined with yet.
CREATE OR REPLACE FUNCTION member_new_since(who uuid) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT min(first_at) FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'wechat_unionid')),
    (SELECT min(granted_at) FROM consent WHERE member_id = who))
$$;

-- Holds a member for one verb: verbs of one member come one after the other, and a merge waits or is seen.
CREATE OR REPLACE FUNCTION member_hold(who uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = who FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  IF state IS DISTINCT FROM 'active' THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
END $$;

-- Takes a paid amount into account: the order, its points and growth, the tier, the handlers of other nouns and the
-- audit entry, in one statement. Protects I-L5 (request, effect) and I-L1…I-L3 through ledger_award.
-- {request, staffId, memberId, visitId, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  here record;
  earned jsonb;
  raised jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  SELECT own.member_id AS staff_id, own.store_id, shop.name AS store_name, stay.visit_id, stay.till_id, stay.expires_at INTO here
    FROM staff own JOIN store shop USING (store_id) LEFT JOIN visit stay
      ON stay.member_id = member AND stay.visit_id = (call->>'visitId')::uuid AND stay.store_id = own.store_id
    WHERE own.member_id = (call->>'staffId')::uuid AND own.ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF here.visit_id IS NULL THEN
    -- a merge has taken the visit along: the caller asks again for the survivor
    IF EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
    PERFORM refuse('VISIT_UNKNOWN');
  END IF;
  IF here.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth, settled_at)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', here.visit_id, here.store_id, here.till_id, here.staff_id,
            'counter', (call->>'amountFen')::int, (call->>'amountFen')::int, (call->>'points')::int, (call->>'growth')::int, now_at);
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', here.store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  PERFORM run_handlers(call->'along');
  PERFORM audit_append(jsonb_build_object('storeId', here.store_id, 'at', call->'at', 'actorId', here.staff_id,
    'verb', 'order.settle', 'subject', call->>'orderId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'amountFen', call->'amountFen', 'points', call->'points',
    'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after'));
END $$;

-- What a store took between two instants. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen), 0),
      'points', coalesce(sum(points), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE purchase SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- Whether somebody bought something (and kept it) within {days} days before {until}; who did is not new.
CREATE OR REPLACE FUNCTION order_bought_before(who uuid, until timestamptz, days int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase WHERE member_id = who AND state = 'settled'
    AND settled_at < until AND settled_at >= until - make_interval(days => days))
$$;

-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered.

CREATE OR REPLACE FUNCTION refuse(code text, detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'HY001', MESSAGE = code, DETAIL = detail::text;
END $$;

-- The stored answer of this command, or NULL when it has not run yet (and is now ours to run).
CREATE OR REPLACE FUNCTION request_begin(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  found_hash text;
  found_answer jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(
    (call->>'actor') || '|' || (call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
  IF found_hash IS NOT NULL AND found_hash <> call->>'bodyHash' THEN
    PERFORM refuse('REQUEST_REUSED');
  END IF;
  RETURN found_answer;
END $$;

CREATE OR REPLACE FUNCTION request_end(call jsonb, result jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO request (actor, verb, request_id, body_hash, answer, at)
    VALUES (call->>'actor', call->>'verb', (call->>'requestId')::uuid, call->>'bodyHash', result,
            (call->>'at')::timestamptz);
  RETURN result;
END $$;

-- Event handlers of other nouns, run in the writing transaction, in order. The list comes from the server's registry.
-- → what each answered, by its function's name
CREATE OR REPLACE FUNCTION run_handlers(along jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  step jsonb;
  answer jsonb;
  answers jsonb := '{}';
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements(coalesce(along, '[]')) LOOP
    EXECUTE format('SELECT %I($1)', step->>'fn') INTO answer USING step->'args';
    answers := answers || jsonb_build_object(step->>'fn', answer);
  END LOOP;
  RETURN answers;
END $$;

-- UUIDv7 (RFC 9562 §5.7) at a given instant, so that ids sort by time also under a held clock.
CREATE OR REPLACE FUNCTION uuid_v7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- An instant as it travels: UTC with milliseconds, as JavaScript writes it.
CREATE OR REPLACE FUNCTION iso_text(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE OR REPLACE FUNCTION request_end_of(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT request_end(call->'command', call->'answer') $$;

-- Up at once, never down here. {memberId, growth, at, validUntil, ladder: [{tier, atGrowth}]} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  reached int;
BEGIN
  SELECT tier, (SELECT max((rung->>'tier')::int) FROM jsonb_array_elements(call->'ladder') rung
                  WHERE (rung->>'atGrowth')::int <= (call->>'growth')::int)
    INTO held, reached FROM standing WHERE member_id = member;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = (call->>'at')::timestamptz, valid_until = (call->>'validUntil')::timestamptz
      WHERE member_id = member AND tier < reached;
  END IF;
  RETURN jsonb_build_object('before', held, 'after', greatest(held, reached));
END $$;

-- A tier that only growth given back since had reached ends with it. What counts is whether, since the tier was reached,
-- the growth that was kept ever stood high enough. Reads the growth history, but only when a return leaves less than the
-- tier needs. {memberId, growth, at, ladder} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
  best bigint;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  best := (call->>'growth')::int;
  IF best < (SELECT max((rung->>'atGrowth')::int) FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held.tier) THEN
    SELECT greatest(best, max(grown)) INTO best FROM (
      SELECT at, sum(CASE to_account WHEN 'member:growth' THEN amount ELSE -amount END) OVER (ORDER BY at, transfer_id) AS grown
        FROM transfer t WHERE member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
          AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
    ) kept WHERE kept.at >= held.since;
  END IF;
  SELECT max((rung->>'tier')::int) INTO deserved FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= best;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', least(deserved, held.tier));
END $$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE standing SET tier = other.tier, since = other.since, valid_until = other.valid_until
    FROM standing other
    WHERE standing.member_id = (call->>'to')::uuid AND other.member_id = (call->>'from')::uuid
      AND (other.tier, other.valid_until) > (standing.tier, standing.valid_until);
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
