-- A phone that can show the member's code, and the directory row that a scan finds it by. Locks the member first,
-- like a scan and a merge do.

CREATE OR REPLACE FUNCTION code_next_number(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT to_jsonb(nextval('device_no')) $$;

-- Above {limit} live phones the one that was used longest ago leaves.
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
  INSERT INTO device (member_id, device_id, handle, label, platform, created_at)
    VALUES (owner, phone, call->>'handle', call->>'label', call->>'platform', now_at);
  INSERT INTO device_handle (handle, member_id, device_id, secret_sealed)
    VALUES (call->>'handle', owner, phone, decode(call->>'secretSealed', 'base64'));
  PERFORM code_end_device(owner, d.device_id, now_at) FROM (
    SELECT device_id FROM device WHERE member_id = owner AND revoked_at IS NULL AND device_id <> phone
      ORDER BY coalesce(last_used_at, created_at) DESC, device_id DESC OFFSET (call->>'limit')::int - 1) d;
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

-- Devices go with their owner; the handle keeps its secret and its spent steps.
CREATE OR REPLACE FUNCTION code_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE device SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  UPDATE device_handle SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
