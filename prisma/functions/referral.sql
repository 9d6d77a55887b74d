-- Bringing a friend along. Protects: I-F1 (a unique index: one inviter), I-F2 (cap and budget are taken by conditional
-- writes), I-F3 (no self, no cycle).

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

-- Lays the edge between somebody who joins for the first time and the owner of the link they came by. Who is not new after all, or
-- opened the link too long ago, has an edge that says so; no edge where the link is unknown, nothing runs, or the person is the
-- inviter or above the inviter already. {memberId, at, link, openedAt?, newAfterDays} → {referralId, state} or NULL
CREATE OR REPLACE FUNCTION referral_attribute(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  -- a phone whose clock runs ahead has not opened it in the future
  opened timestamptz := CASE WHEN call->>'openedAt' IS NOT NULL THEN least(now_at, (call->>'openedAt')::timestamptz) END;
  edge uuid := uuid_v7(now_at);
  camp referral_campaign;
  inviter uuid;
  owner member;
  why text;
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
  SELECT * INTO camp FROM referral_campaign
    WHERE starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at) AND (stopped_at IS NULL OR stopped_at > now_at)
    ORDER BY starts_at DESC, campaign_id LIMIT 1;
  IF NOT FOUND THEN RETURN NULL; END IF;
  why := CASE
    WHEN coalesce(member_new_since(who) < now_at, true) OR order_bought_before(who, now_at, (call->>'newAfterDays')::int) THEN 'not_new'
    WHEN opened <= now_at - make_interval(days => camp.window_days) THEN 'window_over' END;
  INSERT INTO referral (member_id, referral_id, inviter_id, code, campaign_id, state, reason, joined_at, opened_at, settled_at)
    VALUES (who, edge, inviter, call->>'link', camp.campaign_id, CASE WHEN why IS NULL THEN 'joined' ELSE 'refused' END, why, now_at,
            opened, CASE WHEN why IS NOT NULL THEN now_at END) ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN jsonb_build_object('referralId', edge, 'state', CASE WHEN why IS NULL THEN 'joined' ELSE 'refused' END) END;
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

-- The friend has bought, or has come to an activity. {memberId, orderId, amountFen, at} and {memberId, proofId, at} → as referral_qualify
CREATE OR REPLACE FUNCTION referral_on_order(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT referral_qualify(call) $$;

CREATE OR REPLACE FUNCTION referral_on_activity(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT referral_qualify(call) $$;

-- The friend's first purchase that is large enough, or the first visit to an activity where the campaign thanks for that, too: a place
-- under the inviter's cap and the points out of the budget are taken by conditional writes (I-F2), the campaign's row last; or it is
-- written down why not. {memberId, at, and orderId, amountFen or proofId} → {referralId, state}, NULL where nothing is thanked for
CREATE OR REPLACE FUNCTION referral_qualify(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  edge referral;
  camp referral_campaign;
  why text;
  next_state text;
BEGIN
  SELECT * INTO edge FROM referral WHERE member_id = (call->>'memberId')::uuid AND state = 'joined' FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO camp FROM referral_campaign WHERE campaign_id = edge.campaign_id;
  IF call ? 'orderId' AND (call->>'amountFen')::int < camp.min_order_fen
    OR call ? 'proofId' AND camp.qualifies <> 'order_or_activity' THEN RETURN NULL; END IF;
  why := CASE WHEN camp.ends_at <= now_at THEN 'over' ELSE referral_reserve(edge.inviter_id, camp, now_at) END;
  next_state := CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END;
  UPDATE referral SET order_id = (call->>'orderId')::uuid, proof_id = (call->>'proofId')::uuid, state = next_state, reason = why,
      points = CASE WHEN why IS NULL THEN camp.reward_points ELSE 0 END,
      held_at = CASE WHEN why IS NULL THEN now_at END,
      release_at = CASE WHEN why IS NULL THEN
        (date_trunc('day', now_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => camp.hold_days + 1)) AT TIME ZONE 'Asia/Shanghai' END,
      settled_at = CASE WHEN why IS NOT NULL THEN now_at END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  RETURN jsonb_build_object('referralId', edge.referral_id, 'state', next_state);
END $$;

-- Reserves one reward, or says why not: cap | budget | stopped.
CREATE OR REPLACE FUNCTION referral_reserve(inviter uuid, camp referral_campaign, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  stopped timestamptz := camp.stopped_at;
BEGIN
  -- by whatever clock: what was stopped promises nothing more
  IF stopped IS NOT NULL THEN RETURN 'stopped'; END IF;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (inviter, camp.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < camp.per_inviter_cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + camp.reward_points
    WHERE campaign_id = camp.campaign_id AND spent_points + camp.reward_points <= budget_points AND stopped_at IS NULL;
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = inviter AND campaign_id = camp.campaign_id;
  SELECT stopped_at INTO stopped FROM referral_campaign WHERE campaign_id = camp.campaign_id;
  RETURN CASE WHEN stopped IS NOT NULL THEN 'stopped' ELSE 'budget' END;
END $$;
