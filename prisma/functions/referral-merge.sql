-- Two records are one person: links, edges and places under the cap go along. Nobody has brought oneself (I-F3), the earliest
-- inviter stays (I-F1), and who turns out to have been here before is no new friend. What ended so is noted as it was before.

-- {from, to, at, newAfterDays}; the journal is {links, edges, invited, ended: [{before, taken, points, reason}], theirs, own: quotas}
CREATE OR REPLACE FUNCTION referral_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  moved jsonb;
  ended jsonb;
  friends int;
  edge referral;
BEGIN
  WITH went AS (UPDATE referral_link SET member_id = dst WHERE member_id = src RETURNING code)
    SELECT jsonb_build_object('links', jsonb_agg(code)) INTO moved FROM went;
  PERFORM referral_hold_inviters(ARRAY[src, dst]);
  PERFORM 1 FROM referral WHERE member_id IN (src, dst) OR inviter_id IN (src, dst) ORDER BY member_id, referral_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN CASE WHEN moved->>'links' IS NULL THEN '{}' ELSE jsonb_build_object('moved', moved) END;
  END IF;
  SELECT count(*) INTO friends FROM referral WHERE inviter_id = src AND state <> 'void';
  moved := moved || jsonb_build_object(
    'edges', (SELECT jsonb_agg(referral_id) FROM referral WHERE member_id = src),
    'invited', (SELECT jsonb_agg(referral_id) FROM referral WHERE inviter_id = src),
    'theirs', (SELECT jsonb_object_agg(campaign_id, taken) FROM referral_quota WHERE member_id = src),
    'own', (SELECT jsonb_object_agg(campaign_id, taken) FROM referral_quota WHERE member_id = dst));
  ended := referral_void_doubles(src, dst, now_at);
  UPDATE referral SET member_id = dst WHERE member_id = src;
  UPDATE referral SET inviter_id = dst WHERE inviter_id = src;
  PERFORM referral_appeals_follow(src, dst);
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken)
    SELECT dst, campaign_id, taken FROM referral_quota WHERE member_id = src
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + excluded.taken;
  DELETE FROM referral_quota WHERE member_id = src;
  ended := ended || referral_cut_ring(dst, now_at);
  FOR edge IN SELECT * FROM referral WHERE member_id = dst AND state IN ('joined', 'held', 'review') LOOP
    IF member_new_since(dst) < edge.joined_at OR order_bought_before(dst, edge.joined_at, (call->>'newAfterDays')::int) THEN
      ended := ended || referral_note(edge, 'not_new', now_at);
      PERFORM referral_end(edge, 'refused', 'not_new', 0, now_at);
    END IF;
  END LOOP;
  PERFORM referral_take_back(jsonb_build_object('memberId', dst, 'at', now_at));
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(moved) || CASE ended WHEN '[]' THEN '{}' ELSE jsonb_build_object('ended', ended) END,
    'came', CASE WHEN friends > 0 THEN jsonb_build_object('referrals', friends) ELSE '{}' END,
    'reversed', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', CASE one->>'reason' WHEN 'not_new' THEN 'referral_refused' ELSE
      'referral_void' END, 'reason', one->'reason', 'points', one->'points')), '[]') FROM jsonb_array_elements(ended) one)
      || referral_excess(dst, moved->'theirs'));
END $$;

-- Holds whoever was paid for having brought these: a reward may be taken from them or given again, and records come before edges and
-- points, as with everything else that an inviter does.
CREATE OR REPLACE FUNCTION referral_hold_inviters(friends uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (SELECT inviter_id FROM referral
    WHERE member_id = ANY (friends) AND state IN ('released', 'void') AND points > 0) ORDER BY member_id FOR NO KEY UPDATE;
END $$;

-- An appeal is kept with the edge that it is about: by whoever asked for it, of the friend it names. From src to dst, both ways.
CREATE OR REPLACE FUNCTION referral_appeals_follow(src uuid, dst uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE referral_appeal a SET member_id = dst FROM referral r
    WHERE a.member_id = src AND r.inviter_id = dst AND r.referral_id = a.referral_id;
  UPDATE referral_appeal a SET friend_id = dst FROM referral r
    WHERE r.member_id = dst AND a.member_id = r.inviter_id AND a.referral_id = r.referral_id AND a.friend_id = src;
END $$;

-- What there is of an edge before it ends: the row, what its inviter had taken, and how many points that costs.
CREATE OR REPLACE FUNCTION referral_note(edge referral, why text, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  points int := CASE WHEN edge.state IN ('held', 'review') THEN edge.points ELSE 0 END;
BEGIN
  IF edge.state = 'released' AND EXISTS (SELECT 1 FROM member WHERE member_id = holder AND status = 'active') THEN
    PERFORM ledger_hold(holder, now_at);
    SELECT coalesce(sum(l.remaining), 0) INTO points FROM lot l WHERE l.member_id = holder AND l.state = 'active'
      AND l.origin_lot_id = referral_lot(edge);
  END IF;
  RETURN jsonb_build_array(jsonb_build_object('before', to_jsonb(edge), 'points', points, 'reason', why,
    'taken', (SELECT taken FROM referral_quota q WHERE q.member_id = edge.inviter_id AND q.campaign_id = edge.campaign_id)));
END $$;

-- The lot that an edge's reward was paid into; wherever its points are by now, they name it as their origin.
CREATE OR REPLACE FUNCTION referral_lot(edge referral) RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT l.lot_id FROM effect e JOIN lot l ON l.member_id = e.member_id AND l.effect_kind = e.kind AND l.effect_source = e.source_id
    WHERE e.kind = 'referral' AND e.source_id = edge.referral_id::text AND e.part = 'award' AND l.lot_id = l.origin_lot_id LIMIT 1
$$;

-- Edges between the two, and all but the earliest of those that lead to either. → their notes
CREATE OR REPLACE FUNCTION referral_void_doubles(src uuid, dst uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  edge referral;
  why text;
  ended jsonb := '[]';
BEGIN
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) AND inviter_id IN (src, dst)
      ORDER BY joined_at, referral_id LOOP
    ended := ended || referral_note(edge, 'same_person', now_at);
    PERFORM referral_void(edge, 'same_person', now_at);
  END LOOP;
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) ORDER BY joined_at, referral_id OFFSET 1 LOOP
    -- both by the same friend's link: that friend simply brought one person
    why := CASE WHEN EXISTS (SELECT 1 FROM referral first WHERE first.member_id IN (src, dst) AND first.state <> 'void'
      AND first.inviter_id = edge.inviter_id AND first.referral_id <> edge.referral_id) THEN 'same_person' ELSE 'other_inviter' END;
    ended := ended || referral_note(edge, why, now_at);
    PERFORM referral_void(edge, why, now_at);
  END LOOP;
  RETURN ended;
END $$;

-- Brought somebody who, as it turns out, brought them: the latest edge of the ring is none (I-F3). Rings are cut one after
-- the other, or two merges at once could each close half of one. → its note
CREATE OR REPLACE FUNCTION referral_cut_ring(who uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  edge referral;
  note jsonb := '[]';
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE member_id = who AND state <> 'void')
    OR NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state <> 'void') THEN RETURN note; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('referral_cut_cycle', 0));
  IF EXISTS (SELECT 1 FROM referral_above(who) up WHERE up.inviter_id = who) THEN
    SELECT * INTO edge FROM referral_above(who) ORDER BY joined_at DESC, referral_id DESC LIMIT 1;
    -- as it stands when nobody else writes it: somebody may just be buying for it
    SELECT * INTO edge FROM referral WHERE member_id = edge.member_id AND referral_id = edge.referral_id FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    note := referral_note(edge, 'same_person', now_at);
    PERFORM referral_void(edge, 'same_person', now_at);
  END IF;
  RETURN note;
END $$;

-- Where two people's places together are more than one may have: they keep them, and get no more.
CREATE OR REPLACE FUNCTION referral_excess(who uuid, theirs jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'referral', 'title', c.title, 'has', q.taken,
      'limit', c.per_inviter_cap) ORDER BY c.campaign_id), '[]')
    FROM referral_quota q JOIN referral_campaign c USING (campaign_id)
    WHERE q.member_id = who AND q.taken > c.per_inviter_cap AND theirs ? q.campaign_id
$$;
