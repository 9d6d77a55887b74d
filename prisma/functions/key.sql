-- Which keys the house seals with while they rotate. Whoever looks a phone up in order to write holds the lock 'house_key'
-- shared, and a key begins and ends under it alone: so no two servers ever write one phone under keys that they do not both know.

-- What a server brings at its start, or the rotation before it begins. Says what is wrong and then changes nothing.
-- {current, keys: [{number, check}], at, begin: whether the current key is in use from now on} → {problem, number} or {}
CREATE OR REPLACE FUNCTION key_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  found jsonb;
  mine smallint := (call->>'current')::smallint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('house_key', 2));
  SELECT jsonb_build_object('problem', problem, 'number', number) INTO found FROM (
    SELECT 1 AS rank, 'another' AS problem, number FROM house_key JOIN jsonb_to_recordset(call->'keys') AS given(number smallint, "check" text)
      USING (number) WHERE check_hash IS NOT NULL AND check_hash <> "check"
    UNION ALL SELECT 2, 'ended', number FROM house_key WHERE number = mine AND ended_at IS NOT NULL
    UNION ALL SELECT 3, 'missing', number FROM house_key WHERE used_from IS NOT NULL AND ended_at IS NULL
      AND NOT call->'keys' @> jsonb_build_array(jsonb_build_object('number', number))
    UNION ALL SELECT 4, 'unused', mine WHERE NOT coalesce((call->>'begin')::boolean, false)
      AND NOT EXISTS (SELECT 1 FROM house_key WHERE number = mine AND used_from IS NOT NULL)) wrong
    ORDER BY rank, number LIMIT 1;
  IF found IS NOT NULL THEN RETURN found; END IF;
  INSERT INTO house_key AS known (number, check_hash)
    SELECT number, "check" FROM jsonb_to_recordset(call->'keys') AS given(number smallint, "check" text)
    ON CONFLICT (number) DO UPDATE SET check_hash = excluded.check_hash WHERE known.check_hash IS NULL;
  UPDATE house_key SET used_from = (call->>'at')::timestamptz WHERE number = mine AND used_from IS NULL;
  RETURN '{}';
END $$;

-- From now on nothing may be sealed with these keys. Waits for everybody who is just doing so. {numbers, at}
CREATE OR REPLACE FUNCTION key_end(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('house_key', 2));
  UPDATE house_key SET used_from = coalesce(used_from, (call->>'at')::timestamptz), ended_at = greatest(used_from, (call->>'at')::timestamptz)
    WHERE call->'numbers' @> to_jsonb(number) AND ended_at IS NULL;
  RETURN '{}';
END $$;

-- Whoever is about to write a phone: refused when somebody else may write it under a key that this server does not know, or this
-- one under a key that has not begun or has ended. Loudly, for it is a wrong setting. {current, numbers}; NULL from a server that knows one key only
CREATE OR REPLACE FUNCTION key_guard(ring jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  own jsonb := coalesce(ring, '{"current": 1, "numbers": [1]}');
  mine smallint := (own->>'current')::smallint;
  wrong smallint;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  SELECT coalesce(min(number) FILTER (WHERE ended_at IS NULL AND NOT own->'numbers' @> to_jsonb(number)),
      CASE WHEN NOT bool_or(number = mine AND ended_at IS NULL) THEN mine END)
    INTO wrong FROM house_key WHERE used_from IS NOT NULL;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'HY003', MESSAGE = format('key %s of the house and the MASTER_KEY of this server do not fit', wrong);
  END IF;
END $$;

-- While keys rotate: brings what is known of a phone under the writer's key. Its row is locked by it, so that the rotation
-- does not move it meanwhile. [{subject, others: [the phone under the other keys], sealed (base64)}]
CREATE OR REPLACE FUNCTION key_bring(phones jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  phone jsonb;
  all_of text[];
BEGIN
  FOR phone IN SELECT value FROM jsonb_array_elements(coalesce(phones, '[]')) LOOP
    all_of := ARRAY[phone->>'subject'] || ARRAY(SELECT jsonb_array_elements_text(phone->'others'));
    UPDATE identity SET subject = phone->>'subject', subject_sealed = decode(phone->>'sealed', 'base64')
      WHERE kind = 'phone' AND issuer = '' AND subject = ANY (all_of);
    UPDATE former_identity SET subject = phone->>'subject', subject_sealed = decode(phone->>'sealed', 'base64')
      WHERE kind = 'phone' AND issuer = '' AND subject = ANY (all_of);
  END LOOP;
END $$;

-- For what compares hashes without knowing what was hashed: BUSY while two keys are in use.
CREATE OR REPLACE FUNCTION key_settled() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  IF (SELECT count(*) FROM house_key WHERE used_from IS NOT NULL AND ended_at IS NULL) > 1 THEN PERFORM refuse('BUSY'); END IF;
END $$;

-- Nothing is sealed with a key that has ended: it may be gone tomorrow.
CREATE OR REPLACE FUNCTION key_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  seal bytea;
BEGIN
  IF TG_TABLE_NAME = 'member' THEN seal := NEW.name_sealed;
  ELSIF TG_TABLE_NAME IN ('identity', 'former_identity') THEN seal := NEW.subject_sealed;
  ELSIF TG_TABLE_NAME = 'device_handle' THEN seal := NEW.secret_sealed;
  ELSIF TG_TABLE_NAME = 'wechat_token' THEN seal := NEW.token_sealed;
  ELSIF TG_TABLE_NAME IN ('import_key', 'till_key', 'webhook') THEN seal := NEW.secret_sealed;
  ELSE seal := NEW.sealed; END IF;
  IF seal IS NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('house_key', 2));
  IF EXISTS (SELECT 1 FROM house_key WHERE number = get_byte(seal, 0) AND ended_at IS NOT NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'HY003',
      MESSAGE = format('nothing is sealed with key %s any more: this server needs the MASTER_KEY of the house', get_byte(seal, 0));
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER member_key_keep BEFORE INSERT OR UPDATE OF name_sealed ON member
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER identity_key_keep BEFORE INSERT OR UPDATE OF subject_sealed ON identity
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER former_identity_key_keep BEFORE INSERT OR UPDATE OF subject_sealed ON former_identity
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER device_handle_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON device_handle
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER wechat_token_key_keep BEFORE INSERT OR UPDATE OF token_sealed ON wechat_token
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER reward_code_key_keep BEFORE INSERT OR UPDATE OF sealed ON reward_code
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER import_key_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON import_key
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER till_key_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON till_key
  FOR EACH ROW EXECUTE FUNCTION key_keep();
CREATE OR REPLACE TRIGGER webhook_key_keep BEFORE INSERT OR UPDATE OF secret_sealed ON webhook
  FOR EACH ROW EXECUTE FUNCTION key_keep();
