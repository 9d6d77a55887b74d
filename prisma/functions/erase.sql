-- Leaving: asked, taken back, done when its day has come. What goes is each noun's own word (<noun>_erase, listed in
-- bff/src/registry.ts); what runs here walks that list in one transaction that holds every record of the person. Points and
-- growth go by transfer, so that the sums of the programme are as before (I-L1); trade records stay under the bare member id.

-- What stands in the way of leaving, each with a name. {memberId, at} → [{blocker}]
CREATE OR REPLACE FUNCTION cancellation_blockers(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('blocker', blocker)), '[]') FROM (
    SELECT 'job' AS blocker WHERE EXISTS (SELECT 1 FROM staff WHERE member_id = (call->>'memberId')::uuid AND ended_at IS NULL)
    UNION ALL SELECT 'live_hold' WHERE EXISTS (SELECT 1 FROM order_hold WHERE member_id = (call->>'memberId')::uuid
      AND state = 'live' AND expires_at > (call->>'at')::timestamptz)
    UNION ALL SELECT 'adjustment' WHERE EXISTS (SELECT 1 FROM adjustment WHERE member_id = (call->>'memberId')::uuid AND state = 'waiting')) named
$$;

-- How somebody stands who thinks of leaving: the latest application, what is in the way, what would be lost.
-- {memberId, at} → {application: {askedAt, dueAt, state, because} | null, blockers, losses}; NULL for who is gone or was merged
CREATE OR REPLACE FUNCTION cancellation_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = who AND m.status = 'active') THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('blockers', cancellation_blockers(call),
    'application', (SELECT jsonb_build_object('askedAt', iso_text(asked_at), 'dueAt', iso_text(due_at), 'state', state, 'because', because)
      FROM cancellation WHERE member_id = who ORDER BY asked_at DESC LIMIT 1),
    'losses', (SELECT jsonb_build_object('points', a.available_points, 'pendingPoints', a.pending_points, 'debtPoints', a.debt_points,
        'growth', a.growth, 'tier', s.tier,
        'coupons', (SELECT count(*) FROM coupon c WHERE c.member_id = who AND c.state IN ('granted', 'held') AND c.expires_at > now_at),
        'honours', (SELECT count(*) FROM honour_all_worn(who, now_at)),
        'redemptions', (SELECT coalesce(jsonb_agg(jsonb_build_object('title', r.title, 'ready', r.state = 'ready') ORDER BY r.redemption_id), '[]')
          FROM redemption r WHERE r.member_id = who AND r.state IN ('placed', 'ready')))
      FROM account a JOIN standing s USING (member_id) WHERE a.member_id = who));
END $$;

-- Asks to leave; who has asked already is answered the same. {request, memberId, at, dueAt} → {askedAt, dueAt}
-- Refuses CANCEL_BLOCKED {blocker}, BUSY, MEMBER_UNKNOWN.
CREATE OR REPLACE FUNCTION cancellation_ask(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  blockers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  blockers := cancellation_blockers(call);
  IF blockers <> '[]' THEN PERFORM refuse('CANCEL_BLOCKED', blockers->0); END IF;
  RETURN request_end(call->'request', cancellation_open(call || '{"because": "member"}'));
END $$;

-- Writes the application down and tells the member until when it can be taken back. The member is held. {memberId, at, dueAt, because}
CREATE OR REPLACE FUNCTION cancellation_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  asked cancellation;
BEGIN
  INSERT INTO cancellation (member_id, asked_at, due_at, state, because)
    VALUES ((call->>'memberId')::uuid, (call->>'at')::timestamptz, (call->>'dueAt')::timestamptz, 'asked', call->>'because')
    ON CONFLICT DO NOTHING RETURNING * INTO asked;
  IF FOUND THEN
    PERFORM outbox_put(jsonb_build_object('memberId', asked.member_id, 'template', 'leaving', 'at', call->'at',
      'payload', jsonb_build_object('dueAt', iso_text(asked.due_at))));
  ELSE
    SELECT * INTO asked FROM cancellation WHERE member_id = (call->>'memberId')::uuid AND state = 'asked';
    -- asked and taken back within one millisecond
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  END IF;
  RETURN jsonb_build_object('askedAt', iso_text(asked.asked_at), 'dueAt', iso_text(asked.due_at));
END $$;

-- Takes the application back, until the moment in which it is carried out. {request, memberId, at} → {withdrawn}
CREATE OR REPLACE FUNCTION cancellation_withdraw(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  UPDATE cancellation SET state = 'withdrawn', ended_at = greatest(asked_at, (call->>'at')::timestamptz)
    WHERE member_id = (call->>'memberId')::uuid AND state = 'asked';
  RETURN request_end(call->'request', jsonb_build_object('withdrawn', FOUND));
END $$;

-- Carries one application out whose day has come. Run again, or by two workers at once, it finds nothing to do: the member's row is
-- the lock, and every verb of the member waits for it or comes before it.
-- {memberId, at, steps: [function names], smsHashes: [text], …} → {erased}; refuses CANCEL_BLOCKED for who is at a till or at work just now
CREATE OR REPLACE FUNCTION cancellation_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  asked cancellation;
  blocker jsonb;
  step text;
  answer jsonb;
  lost jsonb := '{}';
BEGIN
  -- an older server beside this one would leave behind what it does not know
  IF NOT call->'steps' ?& ARRAY['article_erase', 'upload_erase', 'risk_erase'] THEN PERFORM refuse('BUSY'); END IF;
  PERFORM 1 FROM member WHERE member_id = who OR merged_into = who ORDER BY member_id FOR UPDATE;
  SELECT * INTO asked FROM cancellation
    WHERE member_id = who AND state = 'asked' AND due_at <= (call->>'at')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"erased": false}'; END IF;
  -- a correction that came up meanwhile ends with the points it was about
  SELECT value INTO blocker FROM jsonb_array_elements(cancellation_blockers(call)) WHERE value->>'blocker' <> 'adjustment' LIMIT 1;
  IF blocker IS NOT NULL THEN PERFORM refuse('CANCEL_BLOCKED', blocker); END IF;
  -- every record that ever became this person
  call := call || jsonb_build_object('records', (SELECT jsonb_agg(member_id) FROM member WHERE member_id = who OR merged_into = who));
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'steps') LOOP
    EXECUTE format('SELECT %I($1)', step) INTO answer USING call;
    lost := lost || coalesce(answer, '{}');
  END LOOP;
  UPDATE cancellation SET state = 'done', ended_at = (call->>'at')::timestamptz, summary = lost
    WHERE member_id = who AND asked_at = asked.asked_at;
  RETURN '{"erased": true}';
END $$;

-- The ids of all records of the person who is erased.
CREATE OR REPLACE FUNCTION erase_records(call jsonb) RETURNS uuid[]
LANGUAGE sql IMMUTABLE AS $$ SELECT array_agg(value::uuid) FROM jsonb_array_elements_text(call->'records') $$;

-- The legal term of trade records is over: what was bought, exchanged and granted goes, and with it the last word that somebody
-- was here. The books stay, and say nothing of anybody. {memberId, before} → {purged}
CREATE OR REPLACE FUNCTION cancellation_purge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'cancelled' FOR UPDATE;
  IF NOT FOUND OR NOT EXISTS (SELECT 1 FROM cancellation
      WHERE member_id = who AND state = 'done' AND ended_at < (call->>'before')::timestamptz) THEN RETURN '{"purged": false}'; END IF;
  DELETE FROM purchase_return WHERE member_id = who;
  DELETE FROM purchase_line WHERE member_id = who;
  DELETE FROM offline_order o USING purchase p WHERE p.member_id = who AND p.channel = 'offline' AND o.order_id = p.order_id;
  DELETE FROM purchase WHERE member_id = who;
  DELETE FROM redemption WHERE member_id = who;
  DELETE FROM coupon WHERE member_id = who;
  DELETE FROM gift_given WHERE member_id = who;
  DELETE FROM referral_appeal WHERE friend_id = who;
  DELETE FROM referral WHERE member_id = who;
  DELETE FROM adjustment WHERE member_id = who;
  DELETE FROM consent WHERE member_id = who;
  DELETE FROM cancellation WHERE member_id = who;
  RETURN '{"purged": true}';
END $$;

-- WeChat says that somebody took back what they had shown of themselves. {appid, openid, phone: boolean, name: boolean, at}
-- → {forgotten}: whether anybody here is known by that openid
CREATE OR REPLACE FUNCTION member_forget(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := member_of_openid(call);
BEGIN
  IF who IS NULL THEN RETURN '{"forgotten": false}'; END IF;
  IF (call->>'phone')::boolean THEN
    WITH gone AS (DELETE FROM identity WHERE member_id = who AND kind = 'phone' RETURNING *)
    INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, proven_at, first_at, because)
      SELECT who, kind, issuer, subject, (call->>'at')::timestamptz, proven_at, first_at, 'revoked' FROM gone;
    -- numbers of before, too: only that there was one is kept, not which
    UPDATE former_identity f SET subject_sealed = NULL FROM member m
      WHERE (m.member_id = who OR m.merged_into = who) AND f.member_id = m.member_id AND f.kind = 'phone' AND f.subject_sealed IS NOT NULL;
  END IF;
  IF (call->>'name')::boolean THEN
    UPDATE member SET name_sealed = NULL WHERE (member_id = who OR merged_into = who) AND name_sealed IS NOT NULL;
  END IF;
  RETURN '{"forgotten": true}';
END $$;

-- WeChat says that an account was closed: nobody comes in by it any more, and every place has to sign in anew. Whom no other way in
-- is left to is leaving. {appid, openid, at, dueAt} → {closed, leaving, sessions: [ids that ended]}
CREATE OR REPLACE FUNCTION member_close(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := member_of_openid(call);
  ended jsonb;
  leaving boolean;
BEGIN
  IF who IS NULL THEN RETURN '{"closed": false, "leaving": false, "sessions": []}'; END IF;
  DELETE FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid';
  -- what joins the accounts of one WeChat person says nothing without an account
  DELETE FROM identity WHERE member_id = who AND kind = 'wechat_unionid'
    AND NOT EXISTS (SELECT 1 FROM identity o WHERE o.member_id = who AND o.kind = 'wechat_openid');
  WITH gone AS (
    UPDATE session SET revoked_at = (call->>'at')::timestamptz, revoked_reason = 'closed'
      WHERE member_id = who AND revoked_at IS NULL RETURNING session_id)
  SELECT coalesce(jsonb_agg(session_id), '[]') INTO ended FROM gone;
  leaving := NOT EXISTS (SELECT 1 FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'phone'));
  IF leaving THEN PERFORM cancellation_open(call || jsonb_build_object('memberId', who, 'because', 'wechat')); END IF;
  RETURN jsonb_build_object('closed', true, 'leaving', leaving, 'sessions', ended);
END $$;

-- Whose openid this is, held; NULL for nobody here. BUSY when a merge has just taken it along.
CREATE OR REPLACE FUNCTION member_of_openid(call jsonb) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (SELECT member_id FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid');
BEGIN
  IF who IS NULL THEN RETURN NULL; END IF;
  PERFORM member_hold(who);
  IF NOT EXISTS (SELECT 1 FROM identity WHERE kind = 'wechat_openid' AND issuer = call->>'appid' AND subject = call->>'openid'
      AND member_id = who) THEN PERFORM refuse('BUSY'); END IF;
  RETURN who;
END $$;
