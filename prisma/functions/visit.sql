-- Protects I-S1: the handle's newest spent step only grows, so a code opens one visit anywhere and an older
-- photograph opens none. Locks in one order: till, member, handle, audit chain; a merge takes the member first, too.

-- Holds the till, so that tries at one till are judged one after the other and none slips past the limit.
CREATE OR REPLACE FUNCTION visit_hold_till(call jsonb) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff := at_till(call, call->>'tillId');
  here till;
BEGIN
  SELECT * INTO here FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId' FOR UPDATE;
  IF here.failures >= (call->>'tillLimit')::int AND here.failures_from > (call->>'at')::timestamptz - interval '1 hour' THEN
    PERFORM refuse('TILL_LOCKED', jsonb_build_object('until', iso_text(here.failures_from + interval '1 hour')));
  END IF;
  RETURN own;
END $$;

-- Holds the member against a merge. False when there is none to visit; BUSY when a merge has just moved it.
CREATE OR REPLACE FUNCTION visit_hold_member(owner uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = owner FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  RETURN coalesce(state = 'active', false);
END $$;

-- Counts a try that found nobody. Within an hour of the first the count grows; the one that reaches the limit
-- starts an hour of lock.
CREATE OR REPLACE FUNCTION visit_till_failure(call jsonb, own staff) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  UPDATE till SET
      failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
      failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < (call->>'tillLimit')::int
                           THEN failures_from ELSE now_at END
    WHERE store_id = own.store_id AND till_id = call->>'tillId';
  PERFORM audit_note(call, own, 'visit.miss', call->>'tillId');
END $$;

-- Spends a scanned code and opens the visit. {step} is the step whose tag matched, or null when none did; {secondsOff} says how
-- far off a code is that was made by this phone, but not now.
-- {request, staffId, tillId, handle, step, secondsOff, at, expiresAt, visitId, handleLimit, tillLimit}
-- → {visit} | {fault: {code, detail}} (a wrong code must stay counted, so it is answered, not raised)
CREATE OR REPLACE FUNCTION visit_scan(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  owner uuid;
  phone device_handle;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  SELECT member_id INTO owner FROM device_handle WHERE handle = call->>'handle';
  IF visit_hold_member(owner) THEN
    SELECT * INTO phone FROM device_handle WHERE handle = call->>'handle' AND revoked_at IS NULL FOR UPDATE;
    IF phone.member_id <> owner THEN PERFORM refuse('BUSY'); END IF;
  END IF;
  IF phone.failures >= (call->>'handleLimit')::int AND phone.failures_from > now_at - interval '1 hour' THEN
    PERFORM refuse('CODE_LOCKED', jsonb_build_object('until', iso_text(phone.failures_from + interval '1 hour')));
  END IF;
  IF phone.handle IS NULL OR (call->>'step') IS NULL THEN RETURN visit_wrong_code(call, own, phone); END IF;
  IF (call->>'step')::bigint <= phone.last_step THEN PERFORM refuse('CODE_USED'); END IF;
  UPDATE device_handle SET last_step = (call->>'step')::bigint WHERE handle = phone.handle;
  UPDATE device SET last_used_at = now_at WHERE member_id = owner AND device_id = phone.device_id;
  RETURN visit_write(call, own, owner, phone.handle);
END $$;

-- A success does not forgive earlier failures: the hour does.
CREATE OR REPLACE FUNCTION visit_wrong_code(call jsonb, own staff, phone device_handle) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  max_tries int := (call->>'handleLimit')::int;
  n int := 1;
BEGIN
  IF phone.handle IS NOT NULL THEN
    UPDATE device_handle SET
        failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
        failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < max_tries
                             THEN failures_from ELSE now_at END
      WHERE handle = phone.handle RETURNING failures INTO n;
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', jsonb_build_object('fault', CASE
    WHEN phone.handle IS NOT NULL AND call->>'secondsOff' IS NOT NULL
      THEN jsonb_build_object('code', 'CODE_OLD', 'detail', jsonb_build_object('secondsOff', call->'secondsOff'))
    ELSE jsonb_build_object('code', 'CODE_WRONG', 'detail', jsonb_build_object('triesLeft', greatest(0, max_tries - n))) END));
END $$;

-- Writes the visit, its audit entry and the command's answer. A spoken phone is no sign of life of its holder:
-- the number may have been handed on, and silence is what protects the old record then.
CREATE OR REPLACE FUNCTION visit_write(call jsonb, own staff, owner uuid, by_handle text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  method text := coalesce(call->>'method', 'code');
BEGIN
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (owner, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, method, by_handle,
            (call->>'step')::bigint, (call->>'at')::timestamptz, (call->>'expiresAt')::timestamptz);
  IF method <> 'phone' THEN
    UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz) WHERE member_id = owner;
  END IF;
  PERFORM audit_note(call, own, 'visit.' || method, call->>'visitId');
  RETURN request_end(call->'request', jsonb_build_object('visit', jsonb_build_object('memberId', owner,
    'visitId', call->>'visitId', 'method', method, 'openedAt', call->>'at', 'expiresAt', call->>'expiresAt')));
END $$;

-- Opens an earn-only visit for a member found by number or phone; {memberId} is null when nobody was found.
-- {request, staffId, tillId, memberId, method, at, expiresAt, visitId, tillLimit} → {visit} | {fault}
CREATE OR REPLACE FUNCTION visit_find(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  IF visit_hold_member((call->>'memberId')::uuid) THEN
    RETURN visit_write(call, own, (call->>'memberId')::uuid, NULL);
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', '{"fault": {"code": "MEMBER_UNKNOWN", "detail": {}}}');
END $$;

-- The visit of a member in a store. The member is held, so a merge cannot take it along meanwhile.
CREATE OR REPLACE FUNCTION visit_in_store(member uuid, wanted uuid, at_store text) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit;
BEGIN
  SELECT * INTO stay FROM visit WHERE member_id = member AND visit_id = wanted AND store_id = at_store;
  IF NOT FOUND THEN PERFORM refuse('VISIT_UNKNOWN'); END IF;
  RETURN stay;
END $$;

-- The same, where the customer stands here now and has shown a live code.
CREATE OR REPLACE FUNCTION visit_by_code(member uuid, wanted uuid, at_store text, now_at timestamptz) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit := visit_in_store(member, wanted, at_store);
BEGIN
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' THEN PERFORM refuse('CODE_NEEDED'); END IF;
  RETURN stay;
END $$;

CREATE OR REPLACE FUNCTION visit_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  went jsonb;
BEGIN
  WITH moving AS (UPDATE visit SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid RETURNING visit_id)
  SELECT jsonb_agg(visit_id) INTO went FROM moving;
  RETURN CASE WHEN went IS NULL THEN '{}' ELSE jsonb_build_object('moved', jsonb_build_object('visits', went),
    'came', jsonb_build_object('visits', jsonb_array_length(went))) END;
END $$;

-- Visits of before go back; so does one that a phone of the separated record has just opened: it is that person who stands
-- at the till. {mergeId, from, to, at, moved}
CREATE OR REPLACE FUNCTION visit_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  phones uuid[] := uuid_list((SELECT moved->'devices' FROM merge_step
    WHERE member_id = src AND merge_id = (call->>'mergeId')::uuid AND step = 'code_merge'));
  went int;
BEGIN
  UPDATE visit v SET member_id = (call->>'to')::uuid WHERE v.member_id = src AND (
    v.visit_id = ANY (uuid_list(call->'moved'->'visits'))
    OR (v.expires_at > (call->>'at')::timestamptz AND v.handle IN (SELECT d.handle FROM device d WHERE d.device_id = ANY (phones)
      AND d.member_id IN (src, (call->>'to')::uuid))));
  GET DIAGNOSTICS went = ROW_COUNT;
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('visits', went)) ELSE '{}' END;
END $$;
