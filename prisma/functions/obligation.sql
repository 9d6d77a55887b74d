-- What a member does for the brand. Protects I-O1 (the member is held, one undertaking an obligation by index, the award
-- claims its effect), the budget (a conditional write with a CHECK behind it) and the cooldown between two steps.
-- Which state a step leads to is the rule's table, handed in as {steps}.

-- The obligations that somebody can see: running or to come, and the ones taken part in. {memberId, at}
-- → {tier, obligations, honours}
CREATE OR REPLACE FUNCTION obligation_list(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  RETURN jsonb_build_object(
    'obligations', (SELECT coalesce(jsonb_agg(obligation_row(who, seen.obligation_id) ORDER BY seen.position, seen.obligation_id), '[]')
      FROM (SELECT o.obligation_id, o.position FROM obligation o
        WHERE o.ends_at > (call->>'at')::timestamptz OR EXISTS (SELECT 1 FROM obligation_instance i
          WHERE i.member_id = who AND i.obligation_id = o.obligation_id AND i.state <> 'superseded')
        ORDER BY o.ends_at DESC, o.obligation_id LIMIT 50) seen),
    'honours', (SELECT coalesce(jsonb_agg(jsonb_build_object('honourId', h.honour_id, 'name', h.name, 'mark', h.mark,
        'words', h.words, 'grantedAt', own.granted_at, 'expiresAt', own.expires_at) ORDER BY h.position, h.honour_id), '[]')
      FROM honour h LEFT JOIN honour_held own ON own.member_id = who AND own.honour_id = h.honour_id));
END $$;

-- One obligation as it stands for one member; NULL when there is none of that id.
CREATE OR REPLACE FUNCTION obligation_row(who uuid, wanted text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('obligationId', o.obligation_id, 'kind', o.kind, 'title', o.title, 'words', o.words,
      'mark', o.mark, 'target', o.target, 'proof', o.proof, 'tierGate', o.tier_gate, 'cooldownHours', o.cooldown_hours,
      'storeId', o.store_id, 'storeName', shop.name, 'rewardPoints', o.reward_points, 'honourName', h.name,
      'startsAt', o.starts_at, 'endsAt', o.ends_at, 'tier', coalesce(own.tier, 1), 'state', coalesce(i.state, 'open'),
      'progress', coalesce(i.progress, 0), 'acceptedAt', i.accepted_at, 'lastProofAt', i.last_proof_at,
      'finishedAt', i.finished_at)
    FROM obligation o LEFT JOIN store shop USING (store_id) LEFT JOIN honour h USING (honour_id)
    LEFT JOIN standing own ON own.member_id = who
    LEFT JOIN obligation_instance i ON i.member_id = who AND i.obligation_id = o.obligation_id AND i.state <> 'superseded'
    WHERE o.obligation_id = wanted
$$;

-- Refuses what cannot be taken up or gone on with now, in the order of the rule. The member is held already.
CREATE OR REPLACE FUNCTION obligation_may(call jsonb, duty obligation, held text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF duty.obligation_id IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "obligation"}'); END IF;
  IF call->'steps'->held->>'proof' IS NULL THEN
    PERFORM refuse(CASE held WHEN 'lapsed' THEN 'OBLIGATION_OVER' ELSE 'OBLIGATION_DONE' END);
  END IF;
  IF now_at < duty.starts_at THEN
    PERFORM refuse('OBLIGATION_NOT_OPEN', jsonb_build_object('opensAt', iso_text(duty.starts_at)));
  END IF;
  IF now_at >= duty.ends_at THEN PERFORM refuse('OBLIGATION_OVER'); END IF;
  IF held = 'open' AND (SELECT tier FROM standing WHERE member_id = (call->>'memberId')::uuid) < duty.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', duty.tier_gate));
  END IF;
END $$;

-- Takes an obligation up; who has done so before is answered the same. {request, memberId, obligationId, instanceId, at, steps}
CREATE OR REPLACE FUNCTION obligation_accept(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  duty obligation;
  held text;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  SELECT state INTO held FROM obligation_instance
    WHERE member_id = member AND obligation_id = duty.obligation_id AND state <> 'superseded';
  PERFORM obligation_may(call, duty, coalesce(held, 'open'));
  IF held IS NULL THEN
    INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, accepted_at)
      VALUES (member, (call->>'instanceId')::uuid, duty.obligation_id, call->'steps'->'open'->>'accept', (call->>'at')::timestamptz);
  END IF;
  RETURN request_end(call->'request', obligation_row(member, duty.obligation_id));
END $$;

-- Confirms one step at the counter, and at the goal gives what was promised. Who had not taken it up does so by it.
-- {request, staffId, memberId, visitId, obligationId, instanceId, proofId, at, steps, honourUntil, expiresAt}
-- → {title, progress, target, rewarded: {points, honourName} | null}
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
  rewarded jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  SELECT * INTO held FROM obligation_instance
    WHERE member_id = member AND obligation_id = duty.obligation_id AND state <> 'superseded';
  PERFORM obligation_may(call, duty, coalesce(held.state, 'open'));
  PERFORM obligation_may_here(duty, held, own.store_id, here.visit_id, here.expires_at, now_at);

  held.instance_id := coalesce(held.instance_id, (call->>'instanceId')::uuid);
  held.progress := coalesce(held.progress, 0) + 1;
  INSERT INTO obligation_proof (member_id, proof_id, instance_id, visit_id, store_id, staff_id, at)
    VALUES (member, (call->>'proofId')::uuid, held.instance_id, here.visit_id, own.store_id, own.member_id, now_at);
  IF held.progress >= duty.target THEN
    rewarded := obligation_reward(call, duty, held.instance_id);
  END IF;
  PERFORM obligation_step(call, duty.obligation_id, held, coalesce(rewarded->>'step', 'proof'));
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'obligation.checkIn', 'subject', held.instance_id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('title', duty.title, 'progress', held.progress,
    'target', duty.target, 'rewarded', rewarded - 'step'));
END $$;

-- Refuses a step in another shop, one too soon after the last, and a second one in the same visit.
CREATE OR REPLACE FUNCTION obligation_may_here(duty obligation, held obligation_instance, in_store text, in_visit uuid,
  visit_ends timestamptz, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  next_at timestamptz := held.last_proof_at + make_interval(hours => duty.cooldown_hours);
BEGIN
  IF duty.store_id <> in_store THEN
    PERFORM refuse('OBLIGATION_ELSEWHERE', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = duty.store_id)));
  END IF;
  IF next_at > now_at THEN PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(next_at))); END IF;
  IF EXISTS (SELECT 1 FROM obligation_proof
      WHERE member_id = held.member_id AND instance_id = held.instance_id AND visit_id = in_visit) THEN
    PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(visit_ends)));
  END IF;
END $$;

-- Writes the instance after a step.
CREATE OR REPLACE FUNCTION obligation_step(call jsonb, of_obligation text, held obligation_instance, step text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  next_state text := call->'steps'->coalesce(held.state, 'open')->>step;
BEGIN
  INSERT INTO obligation_instance AS mine (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at, finished_at, reason)
    VALUES ((call->>'memberId')::uuid, held.instance_id, of_obligation, next_state, held.progress, now_at, now_at,
            CASE WHEN step <> 'proof' THEN now_at END, CASE WHEN step = 'approve' THEN 'budget' END)
    ON CONFLICT (member_id, instance_id) DO UPDATE SET state = excluded.state, progress = excluded.progress,
      last_proof_at = excluded.last_proof_at, finished_at = excluded.finished_at, reason = excluded.reason;
END $$;

-- Gives the honour, and the points while the budget lasts; the honour does not depend on it. The account is held before
-- the obligation's own row, which many want at once. → {points, honourName, step}
CREATE OR REPLACE FUNCTION obligation_reward(call jsonb, duty obligation, instance uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  paid boolean := true;
BEGIN
  IF duty.honour_id IS NOT NULL THEN
    PERFORM honour_grant(jsonb_build_object('memberId', member, 'honourId', duty.honour_id, 'at', call->'at', 'until', call->'honourUntil'));
  END IF;
  IF duty.reward_points > 0 THEN
    PERFORM ledger_hold(member, (call->>'at')::timestamptz);
    UPDATE obligation SET spent_points = spent_points + duty.reward_points
      WHERE obligation_id = duty.obligation_id AND spent_points + duty.reward_points <= budget_points;
    paid := FOUND;
    IF paid THEN
      PERFORM ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'obligation', 'sourceId', instance,
        'points', duty.reward_points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'expiresAt',
        'reason', 'obligation', 'detail', jsonb_build_object('title', duty.title)));
    END IF;
  END IF;
  RETURN jsonb_build_object('points', CASE WHEN paid THEN duty.reward_points ELSE 0 END,
    'honourName', (SELECT name FROM honour WHERE honour_id = duty.honour_id),
    'step', CASE WHEN paid THEN 'reward' ELSE 'approve' END);
END $$;
