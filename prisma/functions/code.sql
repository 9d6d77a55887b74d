-- A phone that can show the member's code, and the directory row that a scan finds it by. Locks the member first,
-- like a scan and a merge do.

CREATE OR REPLACE FUNCTION code_next_number(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT to_jsonb(nextval('device_no')) $$;

-- Above {limit} live phones the one that was used longest ago leaves. {taken: true} when the handle is another phone's: a device
-- number leads to another handle under another key of the house.
-- {memberId, deviceId, handle, secretSealed (base64), label, platform, at, limit}
CREATE OR REPLACE FUNCTION code_enrol(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
  phone uuid := (call->>'deviceId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = owner AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('SESSION_OVER'); END IF;
  INSERT INTO device_handle (handle, member_id, device_id, secret_sealed)
    VALUES (call->>'handle', owner, phone, decode(call->>'secretSealed', 'base64')) ON CONFLICT (handle) DO NOTHING;
  IF NOT FOUND THEN RETURN '{"taken": true}'; END IF;
  INSERT INTO device (member_id, device_id, handle, label, platform, created_at)
    VALUES (owner, phone, call->>'handle', call->>'label', call->>'platform', now_at);
  PERFORM code_end_device(owner, d.device_id, now_at) FROM (
    SELECT device_id FROM device WHERE member_id = owner AND revoked_at IS NULL AND device_id <> phone
      ORDER BY coalesce(last_used_at, created_at) DESC, device_id DESC OFFSET (call->>'limit')::int - 1) d;
  RETURN '{}';
END $$;

-- Keeps the public half of a phone's own key; the newest counts, earlier certificates end by themselves.
-- {memberId, deviceId, publicKey (base64)}
CREATE OR REPLACE FUNCTION code_certify(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = (call->>'memberId')::uuid AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN PERFORM refuse('SESSION_OVER'); END IF;
  UPDATE device_handle h SET public_key = decode(call->>'publicKey', 'base64') FROM device d
    WHERE d.member_id = (call->>'memberId')::uuid AND d.device_id = (call->>'deviceId')::uuid AND d.revoked_at IS NULL
      AND h.handle = d.handle;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "device"}'); END IF;
  RETURN '{}';
END $$;

CREATE OR REPLACE FUNCTION code_end_device(owner uuid, phone uuid, now_at timestamptz) RETURNS void
LANGUAGE sql AS $$
  WITH ended AS (
    UPDATE device SET revoked_at = now_at WHERE member_id = owner AND device_id = phone AND revoked_at IS NULL RETURNING handle
  )
  UPDATE device_handle h SET revoked_at = now_at FROM ended WHERE h.handle = ended.handle
$$;

-- Ending a phone that has ended already changes nothing. {memberId, deviceId, at}
CREATE OR REPLACE FUNCTION code_revoke(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
  phone uuid := (call->>'deviceId')::uuid;
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = owner FOR NO KEY UPDATE;
  PERFORM 1 FROM device d WHERE d.member_id = owner AND d.device_id = phone;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "device"}'); END IF;
  PERFORM code_end_device(owner, phone, (call->>'at')::timestamptz);
  RETURN '{}';
END $$;

-- Devices go with their owner; the handle keeps its secret and its spent steps. `own` are the survivor's, as for sessions.
CREATE OR REPLACE FUNCTION code_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  own jsonb;
  went jsonb;
  live int;
BEGIN
  SELECT jsonb_agg(device_id) INTO own FROM device WHERE member_id = dst AND revoked_at IS NULL;
  SELECT jsonb_agg(device_id), count(*) FILTER (WHERE revoked_at IS NULL) INTO went, live FROM device WHERE member_id = src;
  IF went IS NOT NULL THEN PERFORM code_move(src, dst, uuid_list(went)); END IF;
  RETURN CASE WHEN own IS NULL AND went IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('devices', went, 'own', own))) END
    || CASE WHEN live > 0 THEN jsonb_build_object('came', jsonb_build_object('devices', live)) ELSE '{}' END;
END $$;

CREATE OR REPLACE FUNCTION code_move(src uuid, dst uuid, phones uuid[]) RETURNS void
LANGUAGE sql AS $$
  WITH moving AS (UPDATE device SET member_id = dst WHERE member_id = src AND device_id = ANY (phones) RETURNING handle)
  UPDATE device_handle h SET member_id = dst FROM moving WHERE h.handle = moving.handle
$$;

-- Phones show the code of their own record again; one that began to show it since may be in the hand of either, and ends.
-- {from, to, at, moved}
CREATE OR REPLACE FUNCTION code_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  phones uuid[] := uuid_list(call->'moved'->'devices');
  live int;
  ended int;
BEGIN
  SELECT count(*) INTO live FROM device WHERE member_id = src AND device_id = ANY (phones) AND revoked_at IS NULL;
  PERFORM code_move(src, dst, phones);
  PERFORM code_end_device(src, device_id, (call->>'at')::timestamptz) FROM device
    WHERE member_id = src AND revoked_at IS NULL AND device_id <> ALL (uuid_list(call->'moved'->'own'));
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN CASE WHEN live > 0 THEN jsonb_build_object('back', jsonb_build_object('devices', live)) ELSE '{}' END
    || CASE WHEN ended > 0 THEN jsonb_build_object('lost', jsonb_build_array(
      jsonb_build_object('kind', 'device_ended', 'why', 'since', 'count', ended))) ELSE '{}' END;
END $$;
