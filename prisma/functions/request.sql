-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer, whoever sends it; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered. What a record had sent before it
-- was merged is the survivor's: a phone renews its tokens after the merge and asks again as the survivor. What it had sent as
-- the survivor is its own again after the merge was taken back.

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
  PERFORM pg_advisory_xact_lock(hashtextextended((call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
  IF found_hash IS NULL AND call->>'actor' LIKE 'm:%'
      AND (EXISTS (SELECT 1 FROM member WHERE merged_into = substr(call->>'actor', 3)::uuid)
        OR EXISTS (SELECT 1 FROM merge_record WHERE other_id = substr(call->>'actor', 3)::uuid)) THEN
    SELECT r.body_hash, r.answer INTO found_hash, found_answer
      FROM merge_former(substr(call->>'actor', 3)::uuid) was JOIN request r ON r.actor = 'm:' || was AND r.verb = call->>'verb'
        AND r.request_id = (call->>'requestId')::uuid LIMIT 1;
  END IF;
  -- while keys rotate, the same body may have been hashed with another one of them
  IF found_hash <> call->>'bodyHash' AND NOT coalesce(call->'otherHashes' ? found_hash, false) THEN
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
