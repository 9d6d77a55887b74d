-- What speaks against a held reward, and who decides. Facts are collected outside of every lock, so a judgement is written only
-- while the edge still is what was looked at; a person's decision is never overwritten by one that read older facts.

-- Writes down what was found: a held reward stays held, waits for a person, or is refused. `seen` is how the edge was as its facts
-- were collected. {memberId, referralId, seen: {inviterId, judgedAt, reviewedAt, cleared}, verdict: pay | review | refuse, reason (of a
-- refusal), doubts, facts, riskRank, at} → {state} or NULL when it is another by now
CREATE OR REPLACE FUNCTION referral_judge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  seen jsonb := call->'seen';
  against varchar[] := ARRAY(SELECT value FROM jsonb_array_elements_text(call->'doubts'));
  edge referral;
BEGIN
  SELECT * INTO edge FROM referral
    WHERE member_id = (call->>'memberId')::uuid AND referral_id = (call->>'referralId')::uuid AND state = 'held' FOR UPDATE;
  IF NOT FOUND OR edge.inviter_id <> (seen->>'inviterId')::uuid OR to_jsonb(edge.cleared) <> seen->'cleared'
      OR edge.judged_at IS DISTINCT FROM (seen->>'judgedAt')::timestamptz
      OR edge.reviewed_at IS DISTINCT FROM (seen->>'reviewedAt')::timestamptz THEN RETURN NULL; END IF;
  UPDATE referral SET judged_at = now_at, facts = call->'facts', doubts = against, risk_rank = (call->>'riskRank')::smallint,
      state = CASE WHEN call->>'verdict' = 'review' OR call->>'verdict' = 'pay' AND NOT against <@ cleared THEN 'review' ELSE state END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id RETURNING * INTO edge;
  IF call->>'verdict' = 'refuse' THEN
    PERFORM referral_end(edge, 'refused', call->>'reason', 0, now_at);
    edge.state := 'refused';
  END IF;
  RETURN jsonb_build_object('state', edge.state);
END $$;

-- An operator's word on a reward that waits for one, or on an appeal: neither who brought the friend nor the friend, and an appeal is
-- not decided by who refused while there is another; alone, the audit says so. What is paid is held with its doubts cleared, and the job
-- pays it on its day; a granted appeal takes its place and its points anew (I-F2), or says why not.
-- {request, staffId, memberId, referralId, how: pay | refuse, answer, at} → {state, reason}; refuses NOT_FOUND, REVIEW_DONE, REVIEW_OWN
CREATE OR REPLACE FUNCTION referral_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  now_at timestamptz := (call->>'at')::timestamptz;
  own staff;
  edge referral;
  appeal referral_appeal;
  people uuid[];
  again boolean;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  FOR tries IN 1..2 LOOP
    -- a merge that was waited for has taken the friend along: the second look knows whereto
    SELECT * INTO edge FROM referral WHERE referral_id = (call->>'referralId')::uuid
      AND member_id IN (SELECT merge_heirs((call->>'memberId')::uuid)) FOR UPDATE;
    EXIT WHEN FOUND;
  END LOOP;
  IF edge.referral_id IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "referral"}'); END IF;
  SELECT * INTO appeal FROM referral_appeal
    WHERE member_id = edge.inviter_id AND referral_id = edge.referral_id AND state = 'asked' FOR UPDATE;
  IF NOT (edge.state = 'review' OR edge.state = 'refused' AND edge.reason = ANY (edge.doubts) AND appeal.state = 'asked') THEN
    PERFORM refuse('REVIEW_DONE');
  END IF;
  people := ARRAY(SELECT merge_heirs(who) FROM unnest(ARRAY[edge.member_id, edge.inviter_id]) who);
  again := edge.state = 'refused' AND edge.reviewed_by IS NOT NULL AND own.member_id IN (SELECT merge_heirs(edge.reviewed_by));
  IF own.member_id = ANY (people) OR again AND staff_has_other(own, people) THEN PERFORM refuse('REVIEW_OWN'); END IF;
  IF edge.state = 'refused' THEN
    UPDATE referral_appeal SET state = CASE call->>'how' WHEN 'pay' THEN 'granted' ELSE 'declined' END, decided_at = now_at,
        decided_by = own.member_id, answer = call->>'answer' WHERE member_id = appeal.member_id AND referral_id = appeal.referral_id;
    IF call->>'how' = 'pay' THEN PERFORM referral_grant(edge, call); END IF;
  ELSE
    UPDATE referral SET reviewed_at = now_at, reviewed_by = own.member_id, answer = call->>'answer',
        cleared = CASE call->>'how' WHEN 'pay' THEN doubts ELSE cleared END, state = CASE call->>'how' WHEN 'pay' THEN 'held' ELSE state END
      WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
    IF call->>'how' <> 'pay' THEN
      PERFORM referral_end(edge, 'refused', coalesce((SELECT doubt FROM unnest(edge.doubts) WITH ORDINALITY one (doubt, nth)
        WHERE doubt <> ALL (edge.cleared) ORDER BY nth LIMIT 1), edge.doubts[1]), 0, now_at);
    END IF;
  END IF;
  PERFORM audit_note(call, own, CASE WHEN again THEN 'referral.decide_alone' ELSE 'referral.decide' END, edge.referral_id::text);
  RETURN request_end(call->'request', (SELECT jsonb_build_object('state', r.state, 'reason', r.reason) FROM referral r
    WHERE r.member_id = edge.member_id AND r.referral_id = edge.referral_id));
END $$;

-- A refusal was wrong: what was promised while the campaign ran is promised again, if the purchase was kept and cap and budget still
-- have room. It keeps its day, which may be over. {at}
CREATE OR REPLACE FUNCTION referral_grant(edge referral, call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  why text := coalesce(referral_still_bought(call, edge), referral_promise_again(edge, edge.points, 0));
BEGIN
  UPDATE referral SET reason = why, state = CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END,
      settled_at = CASE WHEN why IS NOT NULL THEN (call->>'at')::timestamptz END,
      cleared = CASE WHEN why IS NULL THEN doubts ELSE cleared END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
END $$;

-- An inviter asks that a refusal be looked at again, once. {request, memberId, referralId, words, appealDays, at} → {askedAt}
-- Refuses NOT_FOUND, REVIEW_DONE (not refused, or for no reason that a look would change), APPEAL_OVER {until}, APPEAL_DONE, BUSY
CREATE OR REPLACE FUNCTION referral_ask(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  until timestamptz;
  edge referral;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(who);
  SELECT * INTO edge FROM referral WHERE inviter_id = who AND referral_id = (call->>'referralId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "referral"}'); END IF;
  IF EXISTS (SELECT 1 FROM referral_appeal a WHERE a.member_id = who AND a.referral_id = edge.referral_id) THEN
    PERFORM refuse('APPEAL_DONE');
  END IF;
  IF edge.state <> 'refused' OR edge.reason <> ALL (edge.doubts) THEN PERFORM refuse('REVIEW_DONE'); END IF;
  until := edge.settled_at + make_interval(days => (call->>'appealDays')::int);
  IF until <= now_at THEN PERFORM refuse('APPEAL_OVER', jsonb_build_object('until', iso_text(until))); END IF;
  INSERT INTO referral_appeal (member_id, referral_id, friend_id, words, asked_at, state)
    VALUES (who, edge.referral_id, edge.member_id, call->>'words', now_at, 'asked');
  RETURN request_end(call->'request', jsonb_build_object('askedAt', iso_text(now_at)));
END $$;
