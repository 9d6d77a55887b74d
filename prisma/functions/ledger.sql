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

-- Opens an empty account. {memberId}
CREATE OR REPLACE FUNCTION ledger_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO account (member_id) VALUES ((call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
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
