-- Two records become one: everything of the one moves to the other as pairs of transfers through programme:moved, and the journal
-- says what moved. What was earned before keeps its lot's end and origin; nothing is edited. Protects I-ID2.

-- Moves everything of {from} to {to}, lot by lot, growth day by day. What is due has its day first: a lot that came later cannot
-- have matured or ended before. → {came, reversed, moved: {lots: [[old, new, points]], growth: [[day, growth]], debt, owed (the
-- survivor's), paid: [[lot, points]] (what lots paid of both debts at once), adjustments, waiting, days}}
CREATE OR REPLACE FUNCTION ledger_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account;
  had account;
  moved jsonb;
  paid jsonb := '[]';
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  PERFORM ledger_settle_lots(call || jsonb_build_object('memberId', id)) FROM unnest(ARRAY[src, dst]) id;
  SELECT * INTO own FROM account WHERE member_id = src;
  SELECT * INTO had FROM account WHERE member_id = dst;
  call := call || jsonb_build_object('marks', ledger_marks(src, dst, call->>'mergeId'));
  moved := jsonb_build_object('lots', ledger_merge_lots(call),
    'growth', CASE WHEN own.growth > 0 THEN ledger_merge_growth(call, own.growth) ELSE '[]' END) || adjustment_bring(src, dst);
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  IF own.debt_points > 0 THEN PERFORM ledger_carry(call, 'points', 'member:debt', own.debt_points, NULL, NULL, '{}'); END IF;
  IF own.debt_points + had.debt_points > 0 THEN paid := ledger_pay_owed(dst, now_at); END IF;
  moved := jsonb_strip_nulls(moved || jsonb_build_object('debt', nullif(own.debt_points, 0), 'owed', nullif(had.debt_points, 0),
    'paid', nullif(paid, '[]'), 'lots', nullif(moved->'lots', '[]'), 'growth', nullif(moved->'growth', '[]')));
  RETURN CASE WHEN moved = '{}' THEN '{}' ELSE jsonb_build_object('moved', moved) END || jsonb_build_object(
    'came', jsonb_strip_nulls(jsonb_build_object('points', nullif(own.available_points + own.pending_points, 0),
      'growth', nullif(own.growth, 0), 'debtPoints', nullif(own.debt_points, 0), 'lots', nullif(jsonb_array_length(moved->'lots'), 0))),
    'reversed', CASE WHEN paid = '[]' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('kind', 'debt_paid',
      'points', (SELECT sum((one->>1)::int) FROM jsonb_array_elements(paid) one),
      'whose', CASE WHEN own.debt_points > 0 THEN 'other' ELSE 'survivor' END)) END);
END $$;

-- What the words of a moved line need: the other card's last four digits. → {out, in}, for the one that gives and the one that gets
CREATE OR REPLACE FUNCTION ledger_marks(giver uuid, getter uuid, merge text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('out', jsonb_build_object('mergeId', merge, 'other4', right(b.member_no, 4)),
    'in', jsonb_build_object('mergeId', merge, 'other4', right(a.member_no, 4))) FROM member a, member b
    WHERE a.member_id = giver AND b.member_id = getter
$$;

-- → [[old lot, new lot, points]]
CREATE OR REPLACE FUNCTION ledger_merge_lots(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  moving lot;
  new_lot uuid;
  lots jsonb := '[]';
BEGIN
  FOR moving IN SELECT * FROM lot WHERE member_id = src AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    new_lot := uuid_v7((call->>'at')::timestamptz);
    UPDATE lot SET remaining = 0 WHERE member_id = src AND lot_id = moving.lot_id;
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES ((call->>'to')::uuid, new_lot, moving.origin_lot_id, moving.state, moving.remaining, moving.remaining, moving.active_at,
              moving.expires_at, moving.effect_kind, moving.effect_source);
    PERFORM ledger_carry(call, 'points', CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      moving.remaining, moving.lot_id, new_lot, '{}');
    lots := lots || jsonb_build_array(jsonb_build_array(moving.lot_id, new_lot, moving.remaining));
  END LOOP;
  RETURN lots;
END $$;

-- The growth that one record still holds, day by day, the latest first: what is older has left already. → [[day, growth]]
CREATE OR REPLACE FUNCTION ledger_merge_growth(call jsonb, held int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  part int;
  days jsonb := '[]';
BEGIN
  FOR one IN SELECT iso_text(date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai') AS day, sum(growth)::int AS growth
      FROM ledger_growth_lines((call->>'from')::uuid, 'epoch') GROUP BY 1 HAVING sum(growth) > 0 ORDER BY 1 DESC LOOP
    EXIT WHEN held = 0;
    part := least(held, one.growth);
    PERFORM ledger_carry(call, 'growth', 'member:growth', part, NULL, NULL, jsonb_build_object('earnedAt', one.day, 'from', call->'from'));
    days := days || jsonb_build_array(jsonb_build_array(one.day, part));
    held := held - part;
  END LOOP;
  IF held > 0 THEN PERFORM ledger_carry(call, 'growth', 'member:growth', held, NULL, NULL, jsonb_build_object('from', call->'from')); END IF;
  RETURN days;
END $$;

-- A pair of transfers from {from} to {to}, each with the marks of its side; debt is the negative side of a member and travels the
-- other way round. `reasons` are 'merged' or 'separated'.
CREATE OR REPLACE FUNCTION ledger_carry(call jsonb, what text, side text, amount int, old_lot uuid, new_lot uuid, more jsonb,
  reasons text DEFAULT 'merged') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    SELECT one.who, uuid_v7((call->>'at')::timestamptz), what,
        CASE WHEN one.gives <> (side = 'member:debt') THEN side ELSE 'programme:moved' END,
        CASE WHEN one.gives <> (side = 'member:debt') THEN 'programme:moved' ELSE side END, amount,
        reasons || CASE WHEN one.gives THEN '_out' ELSE '_in' END,
        (call->'marks'->CASE WHEN one.gives THEN 'out' ELSE 'in' END) || more, one.lot, (call->>'at')::timestamptz
      FROM (VALUES ((call->>'from')::uuid, true, old_lot), ((call->>'to')::uuid, false, new_lot)) one (who, gives, lot)
$$;

-- Pays what is owed from the active lots, the earliest end first. The account is locked. → [[lot, points]]
CREATE OR REPLACE FUNCTION ledger_pay_owed(member uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owed int;
  paying lot;
  paid jsonb := '[]';
BEGIN
  SELECT debt_points INTO owed FROM account WHERE member_id = member;
  FOR paying IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    PERFORM ledger_pay_debt(member, paying.lot_id, now_at);
    paid := paid || jsonb_build_array(jsonb_build_array(paying.lot_id, least(owed, paying.remaining)));
    owed := greatest(owed - paying.remaining, 0);
  END LOOP;
  RETURN paid;
END $$;
