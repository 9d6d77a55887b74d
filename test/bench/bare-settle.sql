-- The ceiling of the settle verb: a function that writes the same rows (request, order, effect, account, lot, two
-- transfers, audit entry and head) from ready-made arguments, and asks nothing: no staff, no visit, no tier, no replay.
CREATE FUNCTION bench_settle(member uuid, visit uuid, store text, till text, staff uuid, amount int, earned int)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := now();
  order_id uuid := gen_random_uuid();
  lot uuid := gen_random_uuid();
  own account;
  chain audit_head;
  next_hash text;
  body text := repeat('0', 64);
  answer jsonb;
BEGIN
  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth, settled_at)
    VALUES (member, order_id, '261122-00000000', visit, store, till, staff, 'counter', amount, amount, earned, earned, now_at);
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES ('order', order_id::text, 'award', member, now_at);
  UPDATE account SET pending_points = pending_points + earned, growth = account.growth + earned
    WHERE member_id = member RETURNING * INTO own;
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, lot, lot, 'pending', earned, earned, now_at + interval '15 days', now_at + interval '1 year', 'order', order_id::text);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES (member, gen_random_uuid(), 'points', 'programme:issued', 'member:pending', earned, 'purchase', '{"storeName": "湖滨店"}', lot,
            'order', order_id::text, now_at),
           (member, gen_random_uuid(), 'growth', 'programme:issued', 'member:growth', earned, 'purchase', '{"storeName": "湖滨店"}', NULL,
            'order', order_id::text, now_at);
  SELECT * INTO chain FROM audit_head WHERE store_id = store FOR UPDATE;
  next_hash := encode(sha256(convert_to(chain.hash || store || order_id, 'UTF8')), 'hex');
  INSERT INTO audit_entry (store_id, seq, at, actor_id, verb, subject, body_hash, prev_hash, hash)
    VALUES (store, chain.seq + 1, now_at, staff, 'bench', order_id::text, body, chain.hash, next_hash);
  UPDATE audit_head SET seq = chain.seq + 1, hash = next_hash WHERE store_id = store;
  answer := jsonb_build_object('orderId', order_id, 'points', earned, 'pending', own.pending_points);
  INSERT INTO request (actor, verb, request_id, body_hash, answer, at)
    VALUES ('m:' || staff, 'bench', gen_random_uuid(), body, answer, now_at);
  RETURN answer;
END $$;

-- What pgbench picks from, by number.
CREATE TABLE bench_target (
  n int PRIMARY KEY, member_id uuid, visit_id uuid, store_id text, till_id text, staff_id uuid
);
INSERT INTO bench_target
  SELECT row_number() OVER (ORDER BY visit_id), member_id, visit_id, store_id, till_id, staff_id FROM visit;
INSERT INTO audit_head (store_id, seq, hash) SELECT store_id, 0, repeat('0', 64) FROM store;
