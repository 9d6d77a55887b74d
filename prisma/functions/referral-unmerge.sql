-- One person turns out to be two: each has their own links, friends and places again, and an edge that the merge ended is one again
-- where it still can be. Cap and budget are taken by conditional writes (I-F2); what went on since stays with the survivor.

-- {mergeId, from, to, at, graceDays, moved: as referral_merge keeps it} → {back, restored, lost}
CREATE OR REPLACE FUNCTION referral_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  note jsonb;
  friends int;
  why text;
  seen jsonb;
  restored jsonb := '[]';
  lost jsonb;
BEGIN
  UPDATE referral_link SET member_id = dst WHERE member_id = src
    AND code IN (SELECT value FROM jsonb_array_elements_text(moved->'links'));
  PERFORM referral_hold_inviters(ARRAY[src]);
  PERFORM 1 FROM referral WHERE member_id = src OR inviter_id = src ORDER BY member_id, referral_id FOR UPDATE;
  IF NOT FOUND THEN RETURN '{}'; END IF;
  lost := referral_bring_back(call);
  PERFORM referral_appeals_follow(src, dst);
  SELECT count(*) INTO friends FROM referral WHERE inviter_id = dst AND state <> 'void';
  PERFORM referral_count_again(src, dst, moved);
  FOR note IN SELECT value FROM jsonb_array_elements(moved->'ended') WITH ORDINALITY one (value, nth) ORDER BY nth DESC LOOP
    why := referral_restore(call, note);
    seen := jsonb_build_object('kind', CASE note->>'reason' WHEN 'not_new' THEN 'referral_refused' ELSE 'referral_void' END,
      'reason', note->'reason', 'points', note->'points');
    IF why IS NULL THEN restored := restored || seen; ELSE lost := lost || (seen || jsonb_build_object('why', why)); END IF;
  END LOOP;
  RETURN jsonb_build_object('back', CASE WHEN friends > 0 THEN jsonb_build_object('referrals', friends) ELSE '{}' END,
    'restored', restored, 'lost', lost);
END $$;

-- Edges go back to both of their ends. One whose purchase the survivor made since, or whose reward the survivor was paid since,
-- keeps what happened and stays. → those, as lost
CREATE OR REPLACE FUNCTION referral_bring_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  edges uuid[] := uuid_list(call->'moved'->'edges');
  invited uuid[] := uuid_list(call->'moved'->'invited');
  orders uuid[] := uuid_list((SELECT moved->'orders' FROM merge_step
    WHERE member_id = src AND merge_id = (call->>'mergeId')::uuid AND step = 'order_merge'));
  proofs uuid[] := uuid_list((SELECT moved->'proofs' FROM merge_step
    WHERE member_id = src AND merge_id = (call->>'mergeId')::uuid AND step = 'obligation_merge'));
  bought int;
  paid jsonb;
BEGIN
  UPDATE referral SET member_id = dst WHERE member_id = src AND referral_id = ANY (edges)
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.order_id = referral.order_id AND p.order_id <> ALL (orders))
    AND NOT EXISTS (SELECT 1 FROM obligation_proof p WHERE p.member_id = src AND p.proof_id = referral.proof_id AND p.proof_id <> ALL (proofs));
  SELECT count(*) INTO bought FROM referral WHERE member_id = src AND referral_id = ANY (edges);
  UPDATE referral SET inviter_id = dst WHERE inviter_id = src AND referral_id = ANY (invited)
    AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = 'referral' AND e.source_id = referral.referral_id::text
      AND e.part = 'award' AND e.member_id = src);
  SELECT jsonb_agg(jsonb_build_object('kind', 'referral_paid', 'why', 'since', 'points', points) ORDER BY joined_at, referral_id) INTO paid
    FROM referral WHERE inviter_id = src AND referral_id = ANY (invited);
  RETURN coalesce(paid, '[]') || CASE WHEN bought > 0 THEN '[{"kind": "referral_bought", "why": "since"}]'::jsonb ELSE '[]' END;
END $$;

-- A place under the cap belongs to whoever has the edge that took it.
CREATE OR REPLACE FUNCTION referral_count_again(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO referral_quota (member_id, campaign_id, taken)
    SELECT who, campaign_id, referral_kept(who, campaign_id) FROM unnest(ARRAY[src, dst]) who CROSS JOIN LATERAL (
      SELECT campaign_id FROM referral WHERE inviter_id = who AND referral_kept(who, campaign_id) > 0
      UNION SELECT campaign_id FROM referral_quota WHERE member_id = who
      UNION SELECT jsonb_object_keys(moved->'theirs') WHERE who = dst) one
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = excluded.taken;
  DELETE FROM referral_quota WHERE member_id = src AND taken = 0 AND moved->'theirs' ? campaign_id
    AND NOT coalesce(moved->'own' ? campaign_id, false);
END $$;

-- How many rewards of a campaign somebody has been promised or paid.
CREATE OR REPLACE FUNCTION referral_kept(who uuid, campaign text) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT count(*)::int FROM referral r WHERE r.inviter_id = who AND r.campaign_id = campaign AND (r.state IN ('held', 'review') OR EXISTS (
    SELECT 1 FROM effect e WHERE e.kind = 'referral' AND e.source_id = r.referral_id::text AND e.part = 'award'))
$$;

-- Makes an ended edge what it was. → NULL, or why it cannot be: it has ended for another reason since, one of the two has found
-- somebody else or left, the purchase came back, or cap and budget are spent. What can only not be paid stays as refused.
CREATE OR REPLACE FUNCTION referral_restore(call jsonb, note jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  before referral := jsonb_populate_record(NULL::referral, note->'before');
  edge referral;
  why text;
BEGIN
  SELECT * INTO edge FROM referral WHERE referral_id = before.referral_id
    AND member_id IN (SELECT merge_heirs(before.member_id) UNION SELECT (call->>'from')::uuid) FOR UPDATE;
  IF edge.state IS DISTINCT FROM (CASE note->>'reason' WHEN 'not_new' THEN 'refused' ELSE 'void' END) THEN RETURN 'since'; END IF;
  why := referral_stands(edge);
  IF why IS NOT NULL THEN RETURN why; END IF;
  IF before.state IN ('held', 'review', 'released') THEN why := referral_still_bought(call, edge); END IF;
  IF why IS NULL AND before.state IN ('held', 'review') THEN
    why := referral_promise_again(edge, before.points, CASE edge.inviter_id
      WHEN (call->>'to')::uuid THEN (call->'moved'->'theirs'->>edge.campaign_id)::int
      WHEN (call->>'from')::uuid THEN (call->'moved'->'own'->>edge.campaign_id)::int ELSE (note->>'taken')::int END);
  END IF;
  IF why IS NOT NULL THEN
    UPDATE referral SET state = 'refused', reason = why WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
    IF why = 'purchase_returned' AND before.state = 'released' THEN PERFORM referral_take_rest(call, edge, before.settled_at); END IF;
    RETURN why;
  END IF;
  UPDATE referral SET state = before.state, reason = before.reason, points = before.points, held_at = before.held_at,
      release_at = before.release_at, settled_at = before.settled_at, clawed_back = before.clawed_back
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  IF before.state = 'released' THEN
    PERFORM referral_pay_again(call, edge);
    PERFORM obligation_count_again(call || jsonb_build_object('memberId', edge.inviter_id, 'counts', 'friend_rewarded',
      'sourceId', edge.referral_id, 'expiresAt', (SELECT l.expires_at FROM effect e JOIN lot l ON l.member_id = e.member_id
        AND l.lot_id = referral_lot(edge) WHERE e.kind = 'referral' AND e.source_id = edge.referral_id::text AND e.part = 'award')));
  END IF;
  RETURN NULL;
END $$;

-- Whether an edge may lie between these two again (I-F1, I-F3). → NULL or why not
CREATE OR REPLACE FUNCTION referral_stands(edge referral) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  IF edge.member_id = edge.inviter_id THEN RETURN 'same_person'; END IF;
  IF EXISTS (SELECT 1 FROM member WHERE member_id = edge.inviter_id AND status = 'cancelled') THEN RETURN 'left'; END IF;
  IF edge.state <> 'void' THEN RETURN NULL; END IF;
  IF EXISTS (SELECT 1 FROM referral r WHERE r.member_id = edge.member_id AND r.state <> 'void') THEN RETURN 'other_inviter'; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('referral_cut_cycle', 0));
  IF EXISTS (SELECT 1 FROM referral_above(edge.inviter_id) up WHERE up.inviter_id = edge.member_id) THEN RETURN 'same_person'; END IF;
  RETURN NULL;
END $$;

-- The purchase of an edge that has ended was nobody's concern: it may have come back since. → NULL or why not
CREATE OR REPLACE FUNCTION referral_still_bought(call jsonb, edge referral) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN edge.proof_id IS NULL AND NOT EXISTS (SELECT 1 FROM purchase p JOIN referral_campaign c ON c.campaign_id = edge.campaign_id
    WHERE p.order_id = edge.order_id AND p.state = 'settled' AND p.amount_fen - p.refunded_fen >= c.min_order_fen
      -- purchases are still the survivor's here
      AND p.member_id IN (edge.member_id, (call->>'from')::uuid)) THEN 'purchase_returned' END
$$;

-- Takes the place and the points that the merge had set free. Somebody may have had more places than the cap by an earlier merge.
CREATE OR REPLACE FUNCTION referral_promise_again(edge referral, reward int, had int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  cap int := greatest((SELECT per_inviter_cap FROM referral_campaign c WHERE c.campaign_id = edge.campaign_id), had);
BEGIN
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (edge.inviter_id, edge.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + reward
    WHERE campaign_id = edge.campaign_id AND spent_points + reward <= budget_points;
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id;
  RETURN 'budget';
END $$;

-- What of a paid reward has been taken back since it was void, at the merge or as an exchange was undone, and not given again.
CREATE OR REPLACE FUNCTION referral_taken(edge referral, holder uuid) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(CASE reason WHEN 'referral_returned' THEN amount ELSE -amount END), 0)::int FROM transfer
    WHERE member_id IN (SELECT merge_former(holder) UNION SELECT merge_heirs(edge.inviter_id)) AND unit = 'points'
      AND effect_kind = 'referral' AND effect_source = edge.referral_id::text AND reason IN ('referral_returned', 'referral_restored')
$$;

-- What was taken back is paid again; cap and budget have had it all the time. A separated inviter's goes to the survivor here and
-- back with all other points.
CREATE OR REPLACE FUNCTION referral_pay_again(call jsonb, edge referral) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  taken int := referral_taken(edge, holder);
BEGIN
  IF taken <= 0 THEN RETURN; END IF;
  PERFORM ledger_give_lot(jsonb_build_object('memberId', holder, 'at', call->'at', 'kind', 'referral', 'sourceId', edge.referral_id,
    'originLotId', referral_lot(edge), 'points', taken, 'graceDays', call->'graceDays', 'reason', 'referral_restored',
    'detail', jsonb_build_object('mergeId', call->'mergeId')));
END $$;

-- The purchase came back while a paid edge was none: what the merge had left of the reward is taken back now (I-F4), and the step goes.
CREATE OR REPLACE FUNCTION referral_take_rest(call jsonb, edge referral, paid_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
BEGIN
  PERFORM ledger_take_back(jsonb_build_object('memberId', holder, 'at', call->'at', 'kind', 'referral', 'sourceId', edge.referral_id,
    'points', greatest(edge.points - referral_taken(edge, holder), 0), 'growth', 0, 'earnedAt', paid_at, 'reason', 'referral_returned',
    'detail', '{}'::jsonb));
  PERFORM obligation_retract(jsonb_build_object('memberId', holder, 'at', call->'at', 'counts', 'friend_rewarded', 'sourceId', edge.referral_id));
END $$;
