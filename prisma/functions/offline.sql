-- What tills took without a network. Protects I-S2: an entry is claimed by (store, till, sequence) under a lock, the primary key
-- behind it, and its first outcome is every later one's answer; and I-S1: a code that has opened a visit settles nothing more.
-- Locks in one order: entry, tablet, member, phone, audit chain; a scan at the counter and a merge take them in the same one.

-- A tablet for a till of the own store. Its numbers begin where no till system and no earlier tablet of that till counts:
-- {first} for the first one, {room} further for each after it. {request, staffId, tillId, tabletId, label, at, first, room}
CREATE OR REPLACE FUNCTION offline_enrol_tablet(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  from_number bigint;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  PERFORM 1 FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId' FOR UPDATE;
  IF EXISTS (SELECT 1 FROM tablet WHERE store_id = own.store_id AND till_id = call->>'tillId' AND revoked_at IS NULL) THEN
    PERFORM refuse('TABLET_TAKEN');
  END IF;
  SELECT coalesce(max(first_sequence) + (call->>'room')::bigint, (call->>'first')::bigint) INTO from_number
    FROM tablet WHERE store_id = own.store_id AND till_id = call->>'tillId';
  INSERT INTO tablet (tablet_id, store_id, till_id, label, first_sequence, enrolled_by, enrolled_at)
    VALUES ((call->>'tabletId')::uuid, own.store_id, call->>'tillId', call->>'label', from_number, own.member_id, (call->>'at')::timestamptz);
  PERFORM audit_note(call, own, 'tablet.enrol', call->>'tabletId');
  RETURN request_end(call->'request', jsonb_build_object('tabletId', call->'tabletId', 'firstSequence', from_number));
END $$;

CREATE OR REPLACE FUNCTION offline_manager(call jsonb) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
BEGIN
  IF own.role = 'clerk' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "manager"}'); END IF;
  RETURN own;
END $$;

-- Ends a tablet of the own store, at once; again changes nothing. {request, staffId, tabletId, at} → {done}
CREATE OR REPLACE FUNCTION offline_revoke_tablet(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  gone tablet;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  SELECT * INTO gone FROM tablet WHERE tablet_id = (call->>'tabletId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "tablet"}'); END IF;
  IF gone.revoked_at IS NULL THEN
    UPDATE tablet SET revoked_at = (call->>'at')::timestamptz, revoked_by = own.member_id WHERE tablet_id = gone.tablet_id;
    PERFORM audit_note(call, own, 'tablet.revoke', call->>'tabletId');
  END IF;
  RETURN request_end(call->'request', '{"done": true}');
END $$;

-- One entry, once. {clash} is what the rules have against it already; the rest is judged under the locks. What is settled is so at
-- {at}, for whoever holds the phone by now; {along} are the handlers of other nouns. BUSY when the member has just been merged.
-- {staffId | keyId, tillId, tabletId?, sequence, bodyHash, memberId, handle, step, shownAt, clash, amountFen, soldAt, at, visitId, orderId,
--  orderNo, points, growth, activeAt, expiresAt, validUntil, ladder, along} → {sequence, state, clash?, orderNo?, points?}
CREATE OR REPLACE FUNCTION offline_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own staff := at_till(call, call->>'tillId');
  was offline_order;
  against text := call->>'clash';
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws('|', 'offline', own.store_id, call->>'tillId', call->>'sequence'), 0));
  SELECT * INTO was FROM offline_order
    WHERE store_id = own.store_id AND till_id = call->>'tillId' AND sequence = (call->>'sequence')::bigint;
  IF FOUND THEN
    IF was.body_hash = call->>'bodyHash' THEN RETURN offline_outcome(was); END IF;
    RETURN jsonb_build_object('sequence', was.sequence, 'state', 'clash', 'clash', 'sequence_reused');
  END IF;
  IF EXISTS (SELECT 1 FROM tablet WHERE tablet_id = (call->>'tabletId')::uuid
      AND revoked_at < greatest((call->>'soldAt')::timestamptz, (call->>'shownAt')::timestamptz) FOR SHARE) THEN
    against := coalesce(against, 'tablet_revoked');
  END IF;
  against := coalesce(offline_phone_clash(call || jsonb_build_object('clash', against)), against);
  IF against IS NULL THEN PERFORM offline_settle(call, own, true); ELSE
    -- spent by the clash, too: digits that were tried here never open a visit
    UPDATE device_handle SET last_step = greatest(last_step, (call->>'step')::bigint) WHERE handle = call->>'handle';
  END IF;
  INSERT INTO offline_order (store_id, till_id, sequence, source_id, body_hash, handle, step, amount_fen, sold_at, received_at, state, clash,
                             order_id, order_no, points)
    SELECT own.store_id, call->>'tillId', (call->>'sequence')::bigint, coalesce((call->>'tabletId')::uuid, own.member_id), call->>'bodyHash',
        call->>'handle', (call->>'step')::bigint, (call->>'amountFen')::int, (call->>'soldAt')::timestamptz, (call->>'at')::timestamptz,
        CASE WHEN against IS NULL THEN 'settled' ELSE 'clash' END, against,
        CASE WHEN against IS NULL THEN (call->>'orderId')::uuid END, CASE WHEN against IS NULL THEN call->>'orderNo' END,
        CASE WHEN against IS NULL THEN (call->>'points')::int END
    RETURNING * INTO was;
  PERFORM audit_note(call, own, CASE WHEN against IS NULL THEN 'offline.settle' ELSE 'offline.clash' END,
    coalesce(was.order_id::text, was.till_id || ':' || was.sequence));
  RETURN offline_outcome(was);
END $$;

-- Holds the member and the phone that showed the code. What stands against it comes before every other clash only where there is
-- nobody any more: that one cannot be settled by a decision either.
CREATE OR REPLACE FUNCTION offline_phone_clash(call jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  phone device_handle;
BEGIN
  IF call->>'handle' IS NULL THEN RETURN call->>'clash'; END IF;
  IF NOT visit_hold_member((call->>'memberId')::uuid) THEN RETURN 'member_unknown'; END IF;
  SELECT * INTO phone FROM device_handle WHERE handle = call->>'handle' FOR UPDATE;
  IF NOT FOUND THEN RETURN 'member_unknown'; END IF;
  IF phone.member_id <> (call->>'memberId')::uuid THEN PERFORM refuse('BUSY'); END IF;
  IF call->>'clash' IS NOT NULL THEN RETURN NULL; END IF;
  IF phone.revoked_at < (call->>'shownAt')::timestamptz THEN RETURN 'phone_removed'; END IF;
  RETURN CASE WHEN EXISTS (SELECT 1 FROM visit WHERE handle = phone.handle AND step = (call->>'step')::bigint) THEN 'code_used' END;
END $$;

-- Writes the visit that was and its order; the member and the phone are held. The phone's newest step never moves back, so a late
-- entry forbids nothing and a code that was taken offline opens nothing at a counter. {by_code}: the code counts as spent by it.
CREATE OR REPLACE FUNCTION offline_settle(call jsonb, own staff, by_code boolean) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  stood_at timestamptz := least((call->>'soldAt')::timestamptz, now_at);
  phone device_handle;
  earned jsonb;
  raised jsonb;
BEGIN
  UPDATE device_handle SET last_step = CASE WHEN by_code THEN greatest(last_step, (call->>'step')::bigint) ELSE last_step END
    WHERE handle = call->>'handle' RETURNING * INTO phone;
  UPDATE device SET last_used_at = greatest(last_used_at, stood_at) WHERE member_id = member AND device_id = phone.device_id;
  UPDATE member m SET last_active_at = greatest(m.last_active_at, stood_at) WHERE m.member_id = member;
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (member, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, 'offline',
            CASE WHEN by_code THEN phone.handle END, CASE WHEN by_code THEN (call->>'step')::bigint END, stood_at, stood_at + interval '1 second');
  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth, settled_at)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, 'offline',
            (call->>'amountFen')::int, (call->>'amountFen')::int, (call->>'points')::int, (call->>'growth')::int, now_at);
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = own.store_id), 'amountFen', call->'amountFen',
                                 'activeAt', call->'activeAt', 'expiresAt', call->'expiresAt', 'soldAt', call->'soldAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  PERFORM run_handlers(call->'along');
  RETURN raised;
END $$;

CREATE OR REPLACE FUNCTION offline_outcome(entry offline_order) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('sequence', entry.sequence, 'state', entry.state,
    'clash', CASE WHEN entry.state <> 'settled' THEN entry.clash END, 'orderNo', entry.order_no, 'points', entry.points))
$$;

-- When a tablet was last heard of. {tabletId, at}
CREATE OR REPLACE FUNCTION offline_heard(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE tablet SET last_sync_at = greatest(last_sync_at, (call->>'at')::timestamptz) WHERE tablet_id = (call->>'tabletId')::uuid;
  SELECT '{}'::jsonb
$$;

-- A manager's word on a clash: dismissed, or awarded all the same to whose phone it was. A code that was used before stays used by
-- that visit. {request, staffId, tillId, sequence, how, reason, memberId?, handle?, step?, and for an award what offline_take wants}
CREATE OR REPLACE FUNCTION offline_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  entry offline_order;
  award boolean := call->>'how' = 'award';
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := offline_manager(call);
  SELECT * INTO entry FROM offline_order
    WHERE store_id = own.store_id AND till_id = call->>'tillId' AND sequence = (call->>'sequence')::bigint FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "offline_order"}'); END IF;
  IF entry.state <> 'clash' THEN PERFORM refuse('CLASH_DONE'); END IF;
  IF award THEN
    IF offline_phone_clash(call || '{"clash": "decided"}') IS NOT NULL OR entry.handle IS NULL THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
    PERFORM offline_settle(call, own, NOT EXISTS (SELECT 1 FROM visit WHERE handle = entry.handle AND step = entry.step));
  END IF;
  UPDATE offline_order SET state = CASE WHEN award THEN 'settled' ELSE 'dismissed' END, decided_by = own.member_id,
      decided_at = (call->>'at')::timestamptz, reason = call->>'reason', order_id = CASE WHEN award THEN (call->>'orderId')::uuid END,
      order_no = CASE WHEN award THEN call->>'orderNo' END, points = CASE WHEN award THEN (call->>'points')::int END
    WHERE store_id = entry.store_id AND till_id = entry.till_id AND sequence = entry.sequence RETURNING * INTO entry;
  PERFORM audit_note(call, own, 'offline.' || (call->>'how'), coalesce(entry.order_id::text, entry.till_id || ':' || entry.sequence));
  RETURN request_end(call->'request', offline_outcome(entry) || jsonb_build_object('tillId', entry.till_id));
END $$;
