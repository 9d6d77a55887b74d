-- Appends to a store's chain. The head row is the lock: take it last. The hash covers the entry and the hash before
-- it, fields joined by '|', time in milliseconds. {storeId, at, actorId, verb, subject, bodyHash}
CREATE OR REPLACE FUNCTION audit_append(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  store text := call->>'storeId';
  at timestamptz := (call->>'at')::timestamptz;
  prev text;
  n int;
  next_hash text;
BEGIN
  SELECT seq + 1, hash INTO n, prev FROM audit_head WHERE store_id = store FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO audit_head (store_id, seq, hash) VALUES (store, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
    SELECT seq + 1, hash INTO n, prev FROM audit_head WHERE store_id = store FOR UPDATE;
  END IF;
  next_hash := encode(sha256(convert_to(concat_ws('|', prev, store, n, (extract(epoch FROM at) * 1000)::bigint,
    call->>'actorId', call->>'verb', call->>'subject', call->>'bodyHash'), 'UTF8')), 'hex');
  WITH entry AS (
    INSERT INTO audit_entry (store_id, seq, at, actor_id, verb, subject, body_hash, prev_hash, hash)
      VALUES (store, n, at, (call->>'actorId')::uuid, call->>'verb', call->>'subject', call->>'bodyHash', prev, next_hash)
  )
  UPDATE audit_head SET seq = n, hash = next_hash WHERE store_id = store;
  RETURN jsonb_build_object('seq', n);
END $$;

-- What a colleague did by a command, to the chain of their store; the last thing that its statement does. {request: {bodyHash}, at}, or
-- {bodyHash, at} where what is done is told apart by something else than a request.
CREATE OR REPLACE FUNCTION audit_note(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', verb, 'subject', subject, 'bodyHash', coalesce(call->'request'->>'bodyHash', call->>'bodyHash')));
END $$;

-- An entry is written once. Whoever owns the tables can still switch this off; then the chain tells (audit.verify).
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or removed';
END $$;

CREATE OR REPLACE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION audit_keep();
