-- How an edge ends: paid, refused or none. Protects: I-F2 (what was only promised returns to cap and budget, what was paid does not)
-- and I-F4 (a return ends what is held and takes back what was paid).

-- Ends an edge that came to nothing. What was only promised returns to the cap and the budget; of what was paid, {take}
-- points are taken back, and neither cap nor budget get them again: buying and returning must not refill them. What a merge takes
-- it may give again and take once more, so each time has its own name.
CREATE OR REPLACE FUNCTION referral_end(edge referral, next_state text, why text, take int, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
BEGIN
  UPDATE referral SET state = next_state, reason = why, settled_at = now_at, clawed_back = take > 0
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  PERFORM referral_forget(edge);
  IF take > 0 THEN
    PERFORM ledger_take_back(jsonb_build_object('memberId', holder, 'at', now_at, 'kind', 'referral', 'sourceId', edge.referral_id,
      'part', CASE WHEN next_state = 'void' THEN (SELECT 'void:' || count(*) + 1 FROM effect
        WHERE kind = 'referral' AND source_id = edge.referral_id::text AND starts_with(part, 'void:')) ELSE 'take_back' END,
      'points', take, 'growth', 0, 'earnedAt', edge.settled_at, 'reason', 'referral_returned', 'detail', '{}'::jsonb));
  END IF;
  IF edge.state = 'released' THEN
    -- a friend who does not count is no step of an undertaking either
    PERFORM obligation_retract(jsonb_build_object('memberId', holder, 'at', now_at, 'counts', 'friend_rewarded', 'sourceId', edge.referral_id,
      'keepGiven', next_state = 'void'));
  END IF;
  IF edge.state IN ('held', 'review') THEN
    UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id AND taken > 0;
    UPDATE referral_campaign SET spent_points = spent_points - edge.points WHERE campaign_id = edge.campaign_id;
  END IF;
END $$;

-- An edge is over: what was found about somebody who has left meanwhile is no longer anybody's business.
CREATE OR REPLACE FUNCTION referral_forget(edge referral) RETURNS void
LANGUAGE sql AS $$
  UPDATE referral r SET facts = NULL, risk_rank = NULL WHERE r.member_id = edge.member_id AND r.referral_id = edge.referral_id
    AND EXISTS (SELECT 1 FROM member m WHERE m.member_id IN (edge.member_id, edge.inviter_id) AND m.status = 'cancelled')
$$;

-- The friend's purchase was taken back (I-F4): what is held ends, what was paid is taken back, into debt if it is spent. A part
-- that came back matters once what is left would not have been enough. {memberId, orderId, at, leftFen?} → {referralId, takenBack} or NULL
CREATE OR REPLACE FUNCTION referral_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  bought uuid := (call->>'orderId')::uuid;
  inviter uuid;
  edge referral;
  take int;
BEGIN
  SELECT inviter_id INTO inviter FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'review', 'released');
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- the inviter before the edge, as the release does
  PERFORM 1 FROM member WHERE member_id = inviter FOR NO KEY UPDATE;
  SELECT * INTO edge FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'review', 'released') FOR UPDATE;
  IF edge.inviter_id IS DISTINCT FROM inviter THEN PERFORM refuse('BUSY'); END IF;
  IF (call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= (SELECT min_order_fen FROM referral_campaign c
    WHERE c.campaign_id = edge.campaign_id) THEN RETURN NULL; END IF;
  -- of who has left there is nothing to take, and a purchase can be taken back all the same
  take := CASE WHEN edge.state = 'released' AND NOT EXISTS (SELECT 1 FROM member WHERE member_id = inviter AND status = 'cancelled')
    THEN edge.points ELSE 0 END;
  PERFORM referral_end(edge, 'refused', 'purchase_returned', take, (call->>'at')::timestamptz);
  RETURN jsonb_build_object('referralId', edge.referral_id, 'takenBack', take);
END $$;

-- Pays one held reward whose day has come, and tells the inviter who allows it: only as it was judged in this very run, with nothing
-- against it that nobody has looked at. An inviter who is busy just now is left for the next run.
-- {memberId, referralId, judgedAt, at, expiresAt, friend} → {released}
CREATE OR REPLACE FUNCTION referral_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'referralId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  inviter uuid := (SELECT inviter_id FROM referral WHERE member_id = who AND referral_id = id AND state = 'held' AND release_at <= now_at);
  edge referral;
BEGIN
  PERFORM 1 FROM member WHERE member_id = inviter AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  -- nor is an edge waited for that a merge of the friend's holds: it may want the inviter next
  SELECT * INTO edge FROM referral WHERE member_id = who AND referral_id = id AND inviter_id = inviter AND state = 'held'
    AND release_at <= now_at AND judged_at = (call->>'judgedAt')::timestamptz AND doubts <@ cleared FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  UPDATE referral SET state = 'released', settled_at = now_at WHERE member_id = who AND referral_id = id;
  PERFORM referral_forget(edge);
  PERFORM ledger_award(jsonb_build_object('memberId', inviter, 'at', now_at, 'kind', 'referral', 'sourceId', id,
    'points', edge.points, 'growth', 0, 'activeAt', now_at, 'expiresAt', call->'expiresAt', 'reason', 'referral', 'detail', '{}'::jsonb));
  PERFORM outbox_put(jsonb_build_object('memberId', inviter, 'template', 'reward_released', 'at', now_at, 'ifAllowed', true,
    'payload', jsonb_build_object('points', edge.points, 'friend', call->'friend', 'at', call->'at')));
  PERFORM obligation_count(jsonb_build_object('memberId', inviter, 'at', now_at, 'counts', 'friend_rewarded', 'sourceId', id,
    'expiresAt', call->'expiresAt'));
  RETURN '{"released": true}';
END $$;

-- The edge was none: what was paid for it is taken back as far as it is unspent.
CREATE OR REPLACE FUNCTION referral_void(edge referral, why text, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  unspent int := 0;
BEGIN
  -- of who has left there is nothing to take
  IF NOT EXISTS (SELECT 1 FROM member WHERE member_id = holder AND status = 'active') THEN
    PERFORM referral_end(edge, 'void', why, 0, now_at);
    RETURN;
  END IF;
  IF edge.state = 'released' THEN
    PERFORM ledger_hold(holder, now_at);
    SELECT coalesce(sum(remaining), 0) INTO unspent FROM lot
      WHERE member_id = holder AND effect_kind = 'referral' AND effect_source = edge.referral_id::text;
  END IF;
  PERFORM referral_end(edge, 'void', why, unspent, now_at);
  PERFORM referral_take_back(jsonb_build_object('memberId', holder, 'at', now_at));
END $$;

-- What came back of a void edge’s reward, as an exchange that it had paid for was undone. {memberId, at}
CREATE OR REPLACE FUNCTION referral_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state = 'void') THEN RETURN; END IF;
  PERFORM ledger_take_lot(call || jsonb_build_object('kind', 'referral', 'sourceId', edge.referral_id, 'originLotId', paid.lot_id,
      'reason', 'referral_returned', 'detail', '{}'::jsonb))
    FROM referral edge JOIN lot paid ON paid.effect_kind = 'referral' AND paid.effect_source = edge.referral_id::text
    WHERE edge.inviter_id = who AND edge.state = 'void' AND paid.lot_id = paid.origin_lot_id
      AND paid.member_id IN (SELECT member_id FROM member WHERE member_id = who OR merged_into = who);
END $$;
