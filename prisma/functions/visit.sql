-- Protects I-S1: the handle's newest spent step only grows, so a code opens one visit anywhere and an older
-- photograph opens none.

-- The working staff row of the actor at a till of the own store, or a refusal. An operator may stand at any till.
CREATE OR REPLACE FUNCTION staff_at_till(actor uuid, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF till IS NOT NULL AND NOT EXISTS (SELECT 1 FROM till t WHERE t.store_id = own.store_id AND t.till_id = till) THEN
    PERFORM refuse('TILL_UNKNOWN');
  END IF;
  RETURN own;
END $$;

-- Counts a code that was wrong at this till; refuses when there were too many within the hour.
-- {staffId, tillId, at, limit} → {triesLeft} | {lockedUntil}
CREATE OR REPLACE FUNCTION visit_till_failure(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
  now_at timestamptz := (call->>'at')::timestamptz;
  n int;
  since timestamptz;
BEGIN
  UPDATE till SET
      failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN least(failures + 1, 30000) ELSE 1 END,
      failures_from = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures_from ELSE now_at END
    WHERE store_id = own.store_id AND till_id = call->>'tillId' RETURNING failures, failures_from INTO n, since;
  IF n > (call->>'limit')::int THEN RETURN jsonb_build_object('lockedUntil', since + interval '1 hour'); END IF;
  RETURN jsonb_build_object('triesLeft', (call->>'limit')::int - n);
END $$;

-- Spends a scanned code and opens the visit. {step} is the step whose tag matched, or null when none did.
-- {request, staffId, tillId, handle, step, at, expiresAt, visitId, handleLimit, tillLimit}
-- → {visit} | {fault: {code, detail}} (a wrong code must be counted, so it is answered, not raised)
CREATE OR REPLACE FUNCTION visit_scan(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own staff;
  device device_handle;
  till_row till;
  known jsonb := request_begin(call->'request');
  left_tries int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
  SELECT * INTO till_row FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId';
  IF till_row.failures > (call->>'tillLimit')::int AND till_row.failures_from > now_at - interval '1 hour' THEN
    PERFORM refuse('TILL_LOCKED', jsonb_build_object('until', till_row.failures_from + interval '1 hour'));
  END IF;
  SELECT * INTO device FROM device_handle WHERE handle = call->>'handle' AND revoked_at IS NULL FOR UPDATE;
  IF FOUND AND device.failures >= (call->>'handleLimit')::int AND device.failures_from > now_at - interval '1 hour' THEN
    PERFORM refuse('CODE_LOCKED', jsonb_build_object('until', device.failures_from + interval '1 hour'));
  END IF;
  IF device.handle IS NULL OR (call->>'step') IS NULL THEN
    RETURN visit_count_wrong(call, device);
  END IF;
  IF (call->>'step')::bigint <= device.last_step THEN PERFORM refuse('CODE_USED'); END IF;
  UPDATE device_handle SET last_step = (call->>'step')::bigint, failures = 0, failures_from = NULL WHERE handle = device.handle;
  RETURN visit_write(call, own, device.member_id, device.handle);
END $$;

CREATE OR REPLACE FUNCTION visit_count_wrong(call jsonb, device device_handle) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  at_till jsonb := visit_till_failure(call || jsonb_build_object('limit', call->'tillLimit'));
  n int;
BEGIN
  UPDATE device_handle SET
      failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
      failures_from = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures_from ELSE now_at END
    WHERE handle = device.handle RETURNING failures INTO n;
  IF at_till ? 'lockedUntil' THEN
    RETURN jsonb_build_object('fault', jsonb_build_object('code', 'TILL_LOCKED', 'detail', jsonb_build_object('until', at_till->'lockedUntil')));
  END IF;
  -- an unknown handle answers like a known one, so that handles cannot be counted out
  RETURN jsonb_build_object('fault', jsonb_build_object('code', 'CODE_WRONG', 'detail',
    jsonb_build_object('triesLeft', greatest(0, (call->>'handleLimit')::int - coalesce(n, 1)))));
END $$;

-- Writes the visit, its audit entry and the command's answer.
CREATE OR REPLACE FUNCTION visit_write(call jsonb, own staff, member uuid, device text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  method text := coalesce(call->>'method', 'code');
BEGIN
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (member, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, method, device,
            (call->>'step')::bigint, (call->>'at')::timestamptz, (call->>'expiresAt')::timestamptz);
  UPDATE member SET last_active_at = (call->>'at')::timestamptz WHERE member_id = member;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'visit.' || method, 'subject', call->>'visitId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('visit', jsonb_build_object('memberId', member,
    'visitId', call->>'visitId', 'method', method, 'openedAt', call->>'at', 'expiresAt', call->>'expiresAt')));
END $$;

-- Opens an earn-only visit for a member found by number or phone. {request, staffId, tillId, memberId, method, at, expiresAt, visitId}
CREATE OR REPLACE FUNCTION visit_find(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  RETURN visit_write(call, staff_at_till((call->>'staffId')::uuid, call->>'tillId'), (call->>'memberId')::uuid, NULL);
END $$;

CREATE OR REPLACE FUNCTION visit_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE visit SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
