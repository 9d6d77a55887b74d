-- Who acts at a counter: a person at work, or a till system by its key. A key is bound to one till of one store and may do what
-- a clerk there may; the signature of its call has been judged before. Asked again in each statement, so that a key which has
-- just been revoked writes nothing more. {keyId} or {staffId}
CREATE OR REPLACE FUNCTION at_till(call jsonb, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff;
  till_key till_key;
BEGIN
  IF call->>'keyId' IS NULL THEN RETURN staff_at_till((call->>'staffId')::uuid, till); END IF;
  SELECT * INTO till_key FROM till_key k WHERE k.key_id = (call->>'keyId')::uuid AND k.revoked_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('KEY_UNKNOWN'); END IF;
  IF till IS NOT NULL AND till <> till_key.till_id THEN PERFORM refuse('TILL_UNKNOWN'); END IF;
  own.member_id := till_key.key_id;
  own.role := 'clerk';
  own.store_id := till_key.store_id;
  own.since := till_key.created_at;
  RETURN own;
END $$;

-- Whoever runs the store of a till: keys, webhooks and tablets are a manager's. {staffId}
CREATE OR REPLACE FUNCTION manages_till(call jsonb, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, till);
BEGIN
  IF own.role = 'clerk' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "manager"}'); END IF;
  RETURN own;
END $$;

-- Lets a signed call in, once: the key stands and the nonce is new. {keyId, nonce, at} → {storeId, tillId}
CREATE OR REPLACE FUNCTION till_admit(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own till_key;
BEGIN
  SELECT * INTO own FROM till_key WHERE key_id = (call->>'keyId')::uuid AND revoked_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('KEY_UNKNOWN'); END IF;
  INSERT INTO till_nonce (key_id, nonce, at) VALUES (own.key_id, call->>'nonce', now_at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN PERFORM refuse('SIGNATURE_REPLAYED'); END IF;
  -- to the minute: no call waits for another one's
  IF own.last_used_at IS NULL OR own.last_used_at < now_at - interval '1 minute' THEN
    UPDATE till_key SET last_used_at = now_at WHERE key_id = (SELECT key_id FROM till_key
      WHERE key_id = own.key_id FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN jsonb_build_object('storeId', own.store_id, 'tillId', own.till_id);
END $$;

-- A key for a till of the own store. The secret lies in the row alone, not in the answer that is kept for repetitions.
-- {request, staffId, keyId, tillId, label, secretSealed (base64), at} → {keyId}
CREATE OR REPLACE FUNCTION till_create_key(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, call->>'tillId');
  INSERT INTO till_key (key_id, store_id, till_id, label, secret_sealed, created_by, created_at)
    VALUES ((call->>'keyId')::uuid, own.store_id, call->>'tillId', call->>'label', decode(call->>'secretSealed', 'base64'),
            own.member_id, (call->>'at')::timestamptz);
  PERFORM audit_note(call, own, 'till.key', call->>'keyId');
  RETURN request_end(call->'request', jsonb_build_object('keyId', call->'keyId'));
END $$;

-- From now on the key opens nothing. {request, staffId, keyId, at} → {revokedAt}
CREATE OR REPLACE FUNCTION till_revoke_key(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  ended till_key;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  SELECT * INTO ended FROM till_key WHERE key_id = (call->>'keyId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "till_key"}'); END IF;
  IF ended.revoked_at IS NULL THEN
    UPDATE till_key SET revoked_at = (call->>'at')::timestamptz, revoked_by = own.member_id WHERE key_id = ended.key_id
      RETURNING * INTO ended;
    PERFORM audit_note(call, own, 'till.revoke', call->>'keyId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('revokedAt', iso_text(ended.revoked_at)));
END $$;
