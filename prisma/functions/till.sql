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
