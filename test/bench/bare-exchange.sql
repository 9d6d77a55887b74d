-- The ceiling of the exchange: a function that writes the same rows (request, effect, account, lot, lot use, transfer, share
-- of the limit, pick-up code, stock, redemption) from ready-made arguments, and asks nothing: no replay, no window, no tier,
-- no price, no search for lots or for a free slot.
CREATE FUNCTION bench_exchange(member uuid, paying uuid, which text, from_slot int, cost int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := now();
  id uuid := gen_random_uuid();
  own account;
  answer jsonb;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES ('redemption', id::text, 'spend', member, now_at);
  UPDATE account SET available_points = available_points - cost WHERE member_id = member RETURNING * INTO own;
  UPDATE lot SET remaining = remaining - cost WHERE member_id = member AND lot_id = paying;
  INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
    VALUES (member, 'redemption', id::text, paying, paying, cost, now_at, now_at);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES (member, gen_random_uuid(), 'points', 'member:available', 'programme:spent', cost, 'exchange',
            '{"title": "桂花乌龙 一盏"}', paying, 'redemption', id::text, now_at);
  INSERT INTO reward_quota (member_id, reward_id, taken) VALUES (member, which, 1)
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + 1;
  INSERT INTO pickup_code (code, member_id, redemption_id)
    VALUES (lpad(floor(random() * 100000000)::text, 8, '0'), member, id) ON CONFLICT DO NOTHING;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = from_slot;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, title, points, state, slot, placed_at, ready_at, pickup_by)
    VALUES (member, id, which, 'mall', '桂花乌龙 一盏', cost, 'ready', from_slot, now_at, now_at, now_at + interval '30 days');
  answer := jsonb_build_object('redemptionId', id, 'pointsAfter', own.available_points);
  INSERT INTO request (actor, verb, request_id, body_hash, answer, at)
    VALUES ('m:' || member, 'bench', gen_random_uuid(), repeat('0', 64), answer, now_at);
  RETURN answer;
END $$;

-- What pgbench picks from, by number: those with one lot that never runs out.
CREATE TABLE bench_buyer (n int PRIMARY KEY, member_id uuid, lot_id uuid);
INSERT INTO bench_buyer
  SELECT row_number() OVER (ORDER BY member_id), member_id, lot_id FROM lot WHERE earned = 1000000000;
