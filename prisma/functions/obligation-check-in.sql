-- A step that a colleague confirms at the counter.

-- Confirms one step, and at the goal gives what was promised. Who had not taken it up does so by it. Whoever comes to an activity is told
-- of to other nouns, before the obligation's own row is taken.
-- {request, staffId, memberId, visitId, obligationId, instanceId, proofId, at, expiresAt, regainFrom, along}
-- → {title, progress, target, rewarded: {points, honourName, coupon} | null}
CREATE OR REPLACE FUNCTION obligation_check_in(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  here visit;
  duty obligation;
  held obligation_instance;
  advanced jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  held := obligation_held(member, duty, now_at);
  PERFORM obligation_allow(call, duty, held);
  PERFORM obligation_may_here(duty, held, own.store_id, here.visit_id, here.expires_at, now_at);

  IF held.instance_id IS NULL THEN held := obligation_begin(call, duty); END IF;
  INSERT INTO obligation_proof (member_id, proof_id, instance_id, visit_id, store_id, staff_id, at)
    VALUES (member, (call->>'proofId')::uuid, held.instance_id, here.visit_id, own.store_id, own.member_id, now_at);
  IF duty.kind = 'themed_activity' THEN PERFORM run_handlers(call->'along'); END IF;
  advanced := obligation_advance(call, duty, held);
  PERFORM audit_note(call, own, 'obligation.checkIn', held.instance_id::text);
  RETURN request_end(call->'request', jsonb_build_object('title', duty.title, 'target', duty.target) || advanced);
END $$;

-- Refuses what no colleague confirms, a step in another shop, one too soon after the last, and a second one in the same visit.
CREATE OR REPLACE FUNCTION obligation_may_here(duty obligation, held obligation_instance, in_store text, in_visit uuid,
  visit_ends timestamptz, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  next_at timestamptz := obligation_next_at(held, duty);
BEGIN
  IF duty.proof <> 'staff_scan' THEN PERFORM refuse('PROOF_KIND'); END IF;
  IF duty.store_id <> in_store THEN
    PERFORM refuse('OBLIGATION_ELSEWHERE', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = duty.store_id)));
  END IF;
  IF next_at > now_at THEN PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(next_at))); END IF;
  IF EXISTS (SELECT 1 FROM obligation_proof
      WHERE member_id = held.member_id AND instance_id = held.instance_id AND visit_id = in_visit) THEN
    PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(visit_ends)));
  END IF;
END $$;
