-- What there is to do for the brand, as one member sees it.

-- The obligations that somebody can see: running or to come, and the ones taken part in. {memberId, at, regainFrom}
-- → {obligations, honours: none any more; an older server beside this one still looks for them here}
CREATE OR REPLACE FUNCTION obligation_list(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  regain_from timestamptz := coalesce((call->>'regainFrom')::timestamptz, (call->>'at')::timestamptz);
BEGIN
  RETURN jsonb_build_object(
    'obligations', (SELECT coalesce(jsonb_agg(obligation_for(who, seen.own, now_at, regain_from)
        ORDER BY (seen.own).position, (seen.own).obligation_id), '[]')
      FROM (SELECT o AS own FROM obligation o
        WHERE (o.ends_at > now_at AND o.stopped_at IS NULL AND obligation_honoured(who, o, regain_from))
          OR EXISTS (SELECT 1 FROM obligation_instance i WHERE i.member_id = who AND i.obligation_id = o.obligation_id AND i.state <> 'superseded')
        ORDER BY o.ends_at DESC, o.obligation_id LIMIT 50) seen),
    'honours', '[]'::jsonb);
END $$;

-- One obligation as it stands for one member in the period of `at`; of one that is over, as it last stood.
CREATE OR REPLACE FUNCTION obligation_for(who uuid, duty obligation, at timestamptz, regain_from timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  held obligation_instance := obligation_held(who, duty, at);
BEGIN
  IF held.instance_id IS NULL AND (duty.ends_at <= at OR duty.stopped_at IS NOT NULL) THEN
    SELECT * INTO held FROM obligation_instance i WHERE i.member_id = who AND i.obligation_id = duty.obligation_id AND i.state <> 'superseded'
      ORDER BY i.accepted_at DESC, i.period_key DESC LIMIT 1;
  END IF;
  RETURN obligation_terms(duty) || obligation_instance_row(held) || jsonb_build_object(
    'tier', coalesce((SELECT tier FROM standing WHERE member_id = who), 1),
    'honoured', obligation_honoured(who, duty, coalesce(regain_from, at)),
    'dueAt', CASE WHEN held.instance_id IS NULL THEN obligation_due(duty, at) ELSE held.due_at END);
END $$;

-- What an obligation says of itself, the same for everybody.
CREATE OR REPLACE FUNCTION obligation_terms(duty obligation) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('obligationId', duty.obligation_id, 'kind', duty.kind, 'title', duty.title, 'words', duty.words,
    'mark', duty.mark, 'target', duty.target, 'proof', duty.proof, 'tierGate', duty.tier_gate, 'cooldownHours', duty.cooldown_hours,
    'storeId', duty.store_id, 'storeName', (SELECT name FROM store s WHERE s.store_id = duty.store_id),
    'rewardPoints', duty.reward_points, 'honourName', (SELECT name FROM honour h WHERE h.honour_id = duty.honour_id),
    'rewardCoupon', (SELECT title FROM coupon_template t WHERE t.template_id = duty.reward_coupon),
    'startsAt', duty.starts_at, 'endsAt', duty.ends_at, 'stoppedAt', duty.stopped_at)
  || jsonb_build_object('period', duty.period, 'counts', duty.counts, 'countsFromFen', duty.counts_from_fen, 'wants', duty.wants,
    'forHonourId', duty.for_honour_id, 'forHonourName', (SELECT name FROM honour h WHERE h.honour_id = duty.for_honour_id),
    'keepsHonourId', duty.keeps_honour_id, 'articleId', duty.article_id, 'sku', duty.sku,
    'skuTitle', (SELECT title FROM product p WHERE p.sku = duty.sku), 'dueDays', duty.due_days, 'mostTries', duty.most_tries,
    'labelled', duty.labelled)
$$;

-- An undertaking with the last of what was handed in for it; open where there is none.
CREATE OR REPLACE FUNCTION obligation_instance_row(held obligation_instance) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('state', coalesce(held.state, 'open'), 'progress', coalesce(held.progress, 0), 'periodKey', held.period_key,
    'acceptedAt', held.accepted_at, 'lastProofAt', held.last_proof_at, 'finishedAt', held.finished_at, 'dueAt', held.due_at,
    'reason', held.reason, 'tries', coalesce(held.tries, 0), 'pointsGiven', coalesce(held.points_given, 0),
    'submission', (SELECT obligation_submission_row(s) FROM obligation_submission s
      WHERE s.member_id = held.member_id AND s.instance_id = held.instance_id ORDER BY s.nth DESC LIMIT 1))
$$;

CREATE OR REPLACE FUNCTION obligation_submission_row(own obligation_submission) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('submissionId', own.submission_id, 'nth', own.nth, 'text', own.text, 'link', own.link, 'rating', own.rating,
    'orderId', own.order_id, 'state', own.state, 'submittedAt', own.submitted_at, 'decidedAt', own.decided_at, 'reason', own.reason,
    'answer', own.answer, 'appeal', own.appeal, 'appealWords', own.appeal_words, 'appealAt', own.appeal_at, 'appealAnswer', own.appeal_answer,
    'memberId', own.member_id, 'uploads', obligation_pictures(own))
$$;

-- One obligation with what was done for it before this period, and the purchases that can be named for it.
-- {memberId, obligationId, at, regainFrom} → {obligation, earlier, purchases} or NULL when there is none of that id
CREATE OR REPLACE FUNCTION obligation_show(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  duty obligation;
  shown jsonb;
BEGIN
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  IF NOT FOUND THEN RETURN NULL; END IF;
  shown := obligation_for(who, duty, now_at, (call->>'regainFrom')::timestamptz);
  RETURN jsonb_build_object('obligation', shown,
    'earlier', (SELECT coalesce(jsonb_agg(obligation_instance_row(past.own) ORDER BY (past.own).accepted_at DESC), '[]') FROM (
      SELECT i AS own FROM obligation_instance i WHERE i.member_id = who AND i.obligation_id = duty.obligation_id AND i.state <> 'superseded'
        AND i.period_key <> coalesce(shown->>'periodKey', (obligation_period(duty.period, now_at)).key)
      ORDER BY i.accepted_at DESC LIMIT 6) past),
    'purchases', CASE WHEN (duty.wants->>'order')::boolean THEN obligation_purchases(who, duty, now_at) ELSE '[]' END);
END $$;

-- What was bought and kept in the last ninety days, and is not named in another hand-in for the same.
CREATE OR REPLACE FUNCTION obligation_purchases(who uuid, duty obligation, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('orderId', p.order_id, 'storeName', s.name, 'amountFen', p.amount_fen, 'settledAt', p.settled_at,
      'articles', (SELECT coalesce(jsonb_agg(l.title ORDER BY l.line_no), '[]') FROM purchase_line l
        WHERE l.member_id = p.member_id AND l.order_id = p.order_id AND l.returned_qty < l.qty)) ORDER BY p.settled_at DESC, p.order_id), '[]')
    FROM (SELECT * FROM purchase WHERE member_id = who AND settled_at > now_at - interval '90 days'
        AND obligation_order_fits(who, duty, order_id) ORDER BY settled_at DESC LIMIT 20) p JOIN store s USING (store_id)
$$;

-- Whether a purchase can be named: one's own, kept, with the article that it is about, and not named for the same before.
CREATE OR REPLACE FUNCTION obligation_order_fits(who uuid, duty obligation, bought uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = who AND p.order_id = bought AND p.state = 'settled')
    AND (duty.sku IS NULL OR EXISTS (SELECT 1 FROM purchase_line l
      WHERE l.member_id = who AND l.order_id = bought AND l.sku = duty.sku AND l.returned_qty < l.qty))
    AND NOT EXISTS (SELECT 1 FROM obligation_submission s WHERE s.member_id = who AND s.obligation_id = duty.obligation_id
      AND s.order_id = bought AND s.state <> 'rejected')
$$;
