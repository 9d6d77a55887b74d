-- What operators write down to thank for. Protects: a change names the revision that it was made from, so nobody overwrites what they
-- have not seen; what was promised stays once it has begun; the budget never falls below what is spent (I-F2, a CHECK behind it); a
-- stop is at once and for good. The row of the definition is held, then the chain of the operator's store.

-- Saves a campaign for friends: new where `revision` is null. {request, staffId, campaignId, revision, terms, body, free, rising, at}
-- → {campaignId, revision}. Refuses CAMPAIGN_CHANGED, CAMPAIGN_FIXED {field}, CAMPAIGN_STOPPED, NOT_FOUND, STAFF_NEEDED, ROLE_NEEDED
CREATE OR REPLACE FUNCTION campaign_save_referral(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  was referral_campaign;
  wish referral_campaign;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  wish := jsonb_populate_record(NULL::referral_campaign, campaign_row(call->'terms'));
  wish.campaign_id := call->>'campaignId';
  IF call->>'revision' IS NOT NULL THEN
    SELECT * INTO was FROM referral_campaign WHERE campaign_id = wish.campaign_id FOR UPDATE;
    PERFORM campaign_allow(call, was.revision, was.stopped_at, was.starts_at, campaign_terms(to_jsonb(was)));
  END IF;
  SELECT * INTO wish.starts_at, wish.ends_at FROM campaign_days(call, wish.starts_at, wish.ends_at, was.starts_at, was.ends_at);
  IF was.campaign_id IS NULL THEN
    INSERT INTO referral_campaign (campaign_id, title, words, reward_points, min_order_fen, hold_days, per_inviter_cap, budget_points,
        qualifies, window_days, starts_at, ends_at, updated_at)
      VALUES (wish.campaign_id, wish.title, wish.words, wish.reward_points, wish.min_order_fen, wish.hold_days, wish.per_inviter_cap,
        wish.budget_points, wish.qualifies, wish.window_days, wish.starts_at, wish.ends_at, now_at)
      ON CONFLICT DO NOTHING RETURNING * INTO wish;
    IF NOT FOUND THEN PERFORM refuse('CAMPAIGN_CHANGED'); END IF;
  ELSE
    UPDATE referral_campaign SET title = wish.title, words = wish.words, reward_points = wish.reward_points,
        min_order_fen = wish.min_order_fen, hold_days = wish.hold_days, per_inviter_cap = wish.per_inviter_cap,
        budget_points = wish.budget_points, qualifies = wish.qualifies, window_days = wish.window_days, starts_at = wish.starts_at,
        ends_at = wish.ends_at, revision = was.revision + 1, updated_at = now_at
      WHERE campaign_id = was.campaign_id RETURNING * INTO wish;
  END IF;
  RETURN campaign_saved(call, own, 'referral', wish.campaign_id, wish.revision, campaign_terms(to_jsonb(was)), campaign_terms(to_jsonb(wish)));
END $$;

-- Saves an obligation, as campaign_save_referral does a campaign.
CREATE OR REPLACE FUNCTION campaign_save_obligation(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  was obligation;
  wish obligation;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  IF call->>'revision' IS NOT NULL THEN
    SELECT * INTO was FROM obligation WHERE obligation_id = call->>'campaignId' FOR UPDATE;
    PERFORM campaign_allow(call, was.revision, was.stopped_at, was.starts_at, campaign_terms(to_jsonb(was)));
  END IF;
  -- what the wish does not name stays as it was
  wish := jsonb_populate_record(was, campaign_row(call->'terms'));
  wish.obligation_id := call->>'campaignId';
  wish.spent_points := coalesce(was.spent_points, 0);
  wish.revision := coalesce(was.revision, 0) + 1;
  wish.updated_at := now_at;
  SELECT * INTO wish.starts_at, wish.ends_at FROM campaign_days(call, wish.starts_at, wish.ends_at, was.starts_at, was.ends_at);
  IF was.obligation_id IS NULL THEN
    INSERT INTO obligation SELECT wish.* ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN PERFORM refuse('CAMPAIGN_CHANGED'); END IF;
  ELSE
    PERFORM campaign_write_obligation(wish);
  END IF;
  RETURN campaign_saved(call, own, 'obligation', wish.obligation_id, wish.revision, campaign_terms(to_jsonb(was)), campaign_terms(to_jsonb(wish)));
END $$;

-- Every column of a definition but what is spent: that is written by those who earn. The row is held.
CREATE OR REPLACE FUNCTION campaign_write_obligation(wish obligation) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation SET kind = wish.kind, title = wish.title, words = wish.words, mark = wish.mark, tier_gate = wish.tier_gate,
      proof = wish.proof, target = wish.target, cooldown_hours = wish.cooldown_hours, store_id = wish.store_id,
      reward_points = wish.reward_points, honour_id = wish.honour_id, budget_points = wish.budget_points, starts_at = wish.starts_at,
      ends_at = wish.ends_at, position = wish.position, period = wish.period, counts = wish.counts, counts_from_fen = wish.counts_from_fen,
      wants = wish.wants, for_honour_id = wish.for_honour_id, keeps_honour_id = wish.keeps_honour_id, article_id = wish.article_id,
      sku = wish.sku, due_days = wish.due_days, most_tries = wish.most_tries, reward_coupon = wish.reward_coupon,
      labelled = wish.labelled, revision = wish.revision, updated_at = wish.updated_at
    WHERE obligation_id = wish.obligation_id
$$;

-- Ends a campaign or an obligation at once and for good. {request, staffId, kind, campaignId, reason, at} → {campaignId, revision, stoppedAt}
CREATE OR REPLACE FUNCTION campaign_stop(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  id text := call->>'campaignId';
  known jsonb := request_begin(call->'request');
  own staff;
  now_is int;
  spent int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  IF call->>'kind' = 'referral' THEN
    UPDATE referral_campaign SET stopped_at = now_at, stopped_by = own.member_id, revision = revision + 1, updated_at = now_at
      WHERE campaign_id = id AND stopped_at IS NULL RETURNING revision, spent_points INTO now_is, spent;
  ELSE
    UPDATE obligation SET stopped_at = now_at, stopped_by = own.member_id, revision = revision + 1, updated_at = now_at
      WHERE obligation_id = id AND stopped_at IS NULL RETURNING revision, spent_points INTO now_is, spent;
  END IF;
  IF now_is IS NULL THEN
    PERFORM campaign_missed(CASE call->>'kind' WHEN 'referral' THEN (SELECT campaign_id FROM referral_campaign WHERE campaign_id = id)
      ELSE (SELECT obligation_id FROM obligation WHERE obligation_id = id) END);
    PERFORM refuse('CAMPAIGN_STOPPED');
  END IF;
  PERFORM campaign_note(call, own, call->>'kind', id, now_is, 'stopped', 
    jsonb_build_object('reason', call->'reason', 'spentPoints', spent));
  RETURN request_end(call->'request', jsonb_build_object('campaignId', id, 'revision', now_is, 'stoppedAt', iso_text(now_at)));
END $$;

CREATE OR REPLACE FUNCTION campaign_missed(id text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF id IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "campaign"}'); END IF;
END $$;

-- Refuses a change of what was stopped, what a colleague changed since, or what was promised. The row is held; `was` are its terms.
CREATE OR REPLACE FUNCTION campaign_allow(call jsonb, revision int, stopped timestamptz, starts timestamptz, was jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  wish jsonb := call->'terms';
  broken text;
BEGIN
  PERFORM campaign_missed(revision::text);
  IF stopped IS NOT NULL THEN PERFORM refuse('CAMPAIGN_STOPPED'); END IF;
  IF revision <> (call->>'revision')::int THEN PERFORM refuse('CAMPAIGN_CHANGED'); END IF;
  IF starts > (call->>'at')::timestamptz THEN RETURN; END IF;
  SELECT term.key INTO broken FROM jsonb_each(wish) term
    WHERE term.value IS DISTINCT FROM was->term.key AND NOT call->'free' ? term.key
      AND (NOT call->'rising' ? term.key OR (term.value)::int < (was->term.key)::int)
    ORDER BY term.key LIMIT 1;
  IF broken IS NOT NULL THEN PERFORM refuse('CAMPAIGN_FIXED', jsonb_build_object('field', broken)); END IF;
END $$;

-- Nothing begins or ends in the past by a change made now; what was not touched stays. Refuses an end before its beginning.
CREATE OR REPLACE FUNCTION campaign_days(call jsonb, INOUT starts timestamptz, INOUT ends timestamptz, was_start timestamptz, was_end timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  starts := CASE WHEN was_start <= now_at THEN was_start ELSE greatest(starts, now_at) END;
  IF ends < now_at AND ends IS DISTINCT FROM was_end THEN ends := now_at; END IF;
  IF ends <= starts THEN PERFORM refuse('CAMPAIGN_REFUSED', '{"violations": [{"rule": "no_days", "field": "endsAt"}]}'); END IF;
END $$;

-- Terms as they travel ({minOrderFen, …}) as the columns of a row ({min_order_fen, …}), and back.
CREATE OR REPLACE FUNCTION campaign_row(terms jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_object_agg(lower(regexp_replace(key, '([A-Z])', '_\1', 'g')), value) FROM jsonb_each(terms)
$$;

CREATE OR REPLACE FUNCTION campaign_terms(def jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_object_agg(
      (SELECT string_agg(CASE WHEN nth = 1 THEN part ELSE upper(left(part, 1)) || substr(part, 2) END, '' ORDER BY nth)
        FROM regexp_split_to_table(key, '_') WITH ORDINALITY AS parts(part, nth)),
      CASE WHEN key IN ('starts_at', 'ends_at') THEN to_jsonb(iso_text((value #>> '{}')::timestamptz)) ELSE value END)
    FROM jsonb_each(def)
    WHERE key NOT IN ('campaign_id', 'obligation_id', 'spent_points', 'stopped_at', 'stopped_by', 'revision', 'updated_at')
$$;

-- Writes down what was saved, by whom, and what it was before; the audit chain last.
CREATE OR REPLACE FUNCTION campaign_saved(call jsonb, own staff, kind text, id text, revision int, was jsonb, terms jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM campaign_note(call, own, kind, id, revision, 'saved',
    jsonb_build_object('was', CASE WHEN call->>'revision' IS NOT NULL THEN was END, 'terms', terms));
  RETURN request_end(call->'request', jsonb_build_object('campaignId', id, 'revision', revision));
END $$;

CREATE OR REPLACE FUNCTION campaign_note(call jsonb, own staff, kind text, id text, revision int, deed text, body jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO campaign_revision (kind, campaign_id, revision, deed, body, at, by_id)
    VALUES (kind, id, revision, deed, body, (call->>'at')::timestamptz, own.member_id);
  PERFORM audit_note(call, own, CASE deed WHEN 'saved' THEN 'campaign.save' ELSE 'campaign.stop' END, kind || ':' || id);
END $$;
