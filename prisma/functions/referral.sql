-- Bringing a friend along. Protects: I-F1 (a unique index: one inviter), I-F2 (cap and budget are taken by conditional
-- writes), I-F3 (no self, no cycle), I-F4 (a return ends what is held and takes back what was paid).

-- The short code that leads to a member for ever: the one there is, or a new one. {memberId, at} → {code}
CREATE OR REPLACE FUNCTION referral_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  own text := referral_code_of(who);
  chance bytea;
BEGIN
  IF own IS NULL THEN
    PERFORM member_hold(who);
    own := referral_code_of(who);
  END IF;
  WHILE own IS NULL LOOP
    chance := uuid_send(gen_random_uuid());
    -- bytes 6 and 8 of a UUID are not chance
    SELECT string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', get_byte(chance, at) % 62 + 1, 1), '')
      INTO own FROM unnest(ARRAY[0, 1, 2, 3, 4, 5, 10, 11]) at;
    INSERT INTO referral_link (code, member_id, created_at) VALUES (own, who, (call->>'at')::timestamptz) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN own := NULL; END IF;
  END LOOP;
  RETURN jsonb_build_object('code', own);
END $$;

-- Codes for many new members in one statement; whoever meets a code that there is gets another when it is asked for. {at, people: [{memberId}]}
CREATE OR REPLACE FUNCTION referral_open_many(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO referral_link (code, member_id, created_at)
    -- six bytes of chance as base64, without the two signs that are no letters
    SELECT substr(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', ''), 1, 8), "memberId", (call->>'at')::timestamptz
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

CREATE OR REPLACE FUNCTION referral_code_of(who uuid) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT code FROM referral_link WHERE member_id = who ORDER BY created_at, code LIMIT 1 $$;

-- Lays the edge between somebody who joins for the first time and the owner of the link they came by. No edge where the
-- link is unknown, nothing runs, or the person is not new: bought before, or is above the inviter already.
-- {memberId, at, link, newAfterDays} → {referralId} or NULL
CREATE OR REPLACE FUNCTION referral_attribute(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  edge uuid := uuid_v7(now_at);
  campaign text;
  inviter uuid;
  owner member;
BEGIN
  LOOP
    -- a merge under way, or one being taken back, is waited for, and the link leads to its owner of then
    SELECT member_id INTO inviter FROM referral_link WHERE code = call->>'link';
    SELECT * INTO owner FROM member WHERE member_id = inviter FOR KEY SHARE;
    EXIT WHEN inviter IS NOT DISTINCT FROM (SELECT member_id FROM referral_link WHERE code = call->>'link');
  END LOOP;
  IF owner.status IS DISTINCT FROM 'active' OR inviter = who OR EXISTS (SELECT 1 FROM referral_above(inviter) up WHERE up.inviter_id = who) THEN
    RETURN NULL;
  END IF;
  IF coalesce(member_new_since(who) < now_at, true) OR order_bought_before(who, now_at, (call->>'newAfterDays')::int) THEN
    RETURN NULL;
  END IF;
  SELECT campaign_id INTO campaign FROM referral_campaign
    WHERE starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at) AND (stopped_at IS NULL OR stopped_at > now_at)
    ORDER BY starts_at DESC, campaign_id LIMIT 1;
  IF campaign IS NULL THEN RETURN NULL; END IF;
  INSERT INTO referral (member_id, referral_id, inviter_id, code, campaign_id, state, joined_at)
    VALUES (who, edge, inviter, call->>'link', campaign, 'joined', now_at) ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN jsonb_build_object('referralId', edge) END;
END $$;

-- The edges from a member up to whoever was brought by nobody; ends where it began, if it does.
CREATE OR REPLACE FUNCTION referral_above(start uuid) RETURNS SETOF referral
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up AS (
    SELECT r.member_id, r.referral_id, r.inviter_id, 1 AS depth FROM referral r WHERE r.member_id = start AND r.state <> 'void'
    UNION ALL
    SELECT r.member_id, r.referral_id, r.inviter_id, up.depth + 1 FROM up JOIN referral r ON r.member_id = up.inviter_id
      WHERE r.state <> 'void' AND up.inviter_id <> start AND up.depth < 1000
  )
  SELECT r.* FROM up JOIN referral r USING (member_id, referral_id)
$$;

-- The friend's first purchase that is large enough: a place under the inviter's cap and the points out of the budget are
-- taken by conditional writes (I-F2), the campaign's row last; or it is written down why not.
-- {memberId, orderId, amountFen, at} → {referralId, state} or NULL when there is nothing to decide
CREATE OR REPLACE FUNCTION referral_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  edge referral;
  camp referral_campaign;
  why text;
BEGIN
  SELECT * INTO edge FROM referral WHERE member_id = (call->>'memberId')::uuid AND state = 'joined' FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO camp FROM referral_campaign WHERE campaign_id = edge.campaign_id;
  IF (call->>'amountFen')::int < camp.min_order_fen THEN RETURN NULL; END IF;
  IF camp.ends_at <= now_at THEN why := 'over'; ELSE why := referral_reserve(edge.inviter_id, camp, now_at); END IF;
  UPDATE referral SET order_id = (call->>'orderId')::uuid, reason = why,
      state = CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END,
      points = CASE WHEN why IS NULL THEN camp.reward_points ELSE 0 END,
      held_at = CASE WHEN why IS NULL THEN now_at END,
      release_at = CASE WHEN why IS NULL THEN
        (date_trunc('day', now_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => camp.hold_days + 1)) AT TIME ZONE 'Asia/Shanghai' END,
      settled_at = CASE WHEN why IS NOT NULL THEN now_at END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  RETURN jsonb_build_object('referralId', edge.referral_id, 'state', CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END);
END $$;

-- Reserves one reward, or says why not: cap | budget | stopped.
CREATE OR REPLACE FUNCTION referral_reserve(inviter uuid, camp referral_campaign, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  stopped timestamptz := camp.stopped_at;
BEGIN
  IF stopped <= now_at THEN RETURN 'stopped'; END IF;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (inviter, camp.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < camp.per_inviter_cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + camp.reward_points
    WHERE campaign_id = camp.campaign_id AND spent_points + camp.reward_points <= budget_points
      AND (stopped_at IS NULL OR stopped_at > now_at);
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = inviter AND campaign_id = camp.campaign_id;
  SELECT stopped_at INTO stopped FROM referral_campaign WHERE campaign_id = camp.campaign_id;
  RETURN CASE WHEN stopped <= now_at THEN 'stopped' ELSE 'budget' END;
END $$;

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
  IF take > 0 THEN
    PERFORM ledger_take_back(jsonb_build_object('memberId', holder, 'at', now_at, 'kind', 'referral', 'sourceId', edge.referral_id,
      'part', CASE WHEN next_state = 'void' THEN (SELECT 'void:' || count(*) + 1 FROM effect
        WHERE kind = 'referral' AND source_id = edge.referral_id::text AND starts_with(part, 'void:')) ELSE 'take_back' END,
      'points', take, 'growth', 0, 'earnedAt', edge.settled_at, 'reason', 'referral_returned', 'detail', '{}'::jsonb));
  END IF;
  IF edge.state = 'held' THEN
    UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id AND taken > 0;
    UPDATE referral_campaign SET spent_points = spent_points - edge.points WHERE campaign_id = edge.campaign_id;
  END IF;
END $$;

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
  SELECT inviter_id INTO inviter FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released');
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- the inviter before the edge, as the release does
  PERFORM 1 FROM member WHERE member_id = inviter FOR NO KEY UPDATE;
  SELECT * INTO edge FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released') FOR UPDATE;
  IF edge.inviter_id IS DISTINCT FROM inviter THEN PERFORM refuse('BUSY'); END IF;
  IF (call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= (SELECT min_order_fen FROM referral_campaign c
    WHERE c.campaign_id = edge.campaign_id) THEN RETURN NULL; END IF;
  take := CASE WHEN edge.state = 'released' THEN edge.points ELSE 0 END;
  PERFORM referral_end(edge, 'refused', 'purchase_returned', take, (call->>'at')::timestamptz);
  RETURN jsonb_build_object('referralId', edge.referral_id, 'takenBack', take);
END $$;

-- Pays one held reward whose day has come, and tells the inviter who allows it. An inviter who is busy just now is left
-- for the next run. {memberId, referralId, at, expiresAt, friend} → {released}
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
  UPDATE referral SET state = 'released', settled_at = now_at
    WHERE member_id = who AND referral_id = id AND inviter_id = inviter AND state = 'held' AND release_at <= now_at RETURNING * INTO edge;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  PERFORM ledger_award(jsonb_build_object('memberId', inviter, 'at', now_at, 'kind', 'referral', 'sourceId', id,
    'points', edge.points, 'growth', 0, 'activeAt', now_at, 'expiresAt', call->'expiresAt', 'reason', 'referral', 'detail', '{}'::jsonb));
  PERFORM outbox_put(jsonb_build_object('memberId', inviter, 'template', 'reward_released', 'at', now_at, 'ifAllowed', true,
    'payload', jsonb_build_object('points', edge.points, 'friend', call->'friend', 'at', call->'at')));
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
