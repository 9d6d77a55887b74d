-- The ceilings of the ledger's own two functions: the same rows from ready-made arguments, and nothing asked.

-- What ledger_spend writes for one lot: effect, account, lot, lot use, transfer.
CREATE FUNCTION bench_spend(member uuid, paying uuid, cost int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := now();
  id text := gen_random_uuid()::text;
  own account;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES ('bench', id, 'spend', member, now_at);
  UPDATE account SET available_points = available_points - cost WHERE member_id = member RETURNING * INTO own;
  UPDATE lot SET remaining = remaining - cost WHERE member_id = member AND lot_id = paying;
  INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
    VALUES (member, 'bench', id, paying, paying, cost, now_at, now_at);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES (member, gen_random_uuid(), 'points', 'member:available', 'programme:spent', cost, 'exchange',
            '{"title": "桂花乌龙 一盏"}', paying, 'bench', id, now_at);
  RETURN own.available_points;
END $$;

-- What ledger_award writes: effect, account, lot, two transfers.
CREATE FUNCTION bench_award(member uuid, earned int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := now();
  id text := gen_random_uuid()::text;
  lot uuid := gen_random_uuid();
  own account;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES ('bench', id, 'award', member, now_at);
  UPDATE account SET pending_points = pending_points + earned, growth = account.growth + earned
    WHERE member_id = member RETURNING * INTO own;
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, lot, lot, 'pending', earned, earned, now_at + interval '15 days', now_at + interval '1 year', 'bench', id);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES (member, gen_random_uuid(), 'points', 'programme:issued', 'member:pending', earned, 'purchase', '{"storeName": "湖滨店"}', lot,
            'bench', id, now_at),
           (member, gen_random_uuid(), 'growth', 'programme:issued', 'member:growth', earned, 'purchase', '{"storeName": "湖滨店"}', NULL,
            'bench', id, now_at);
  RETURN own.pending_points;
END $$;
