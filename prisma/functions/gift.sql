-- Gifts: for who is new, for a birthday, to try. Protects I-G1: one a person and occasion, by the unique indexes behind gift_given,
-- also when two records that each opened one become one person.

-- What a gift holds, as it is shown before it is opened.
CREATE OR REPLACE FUNCTION gift_contents(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(pick || '{"kind": "pickup"}' ORDER BY n), '[]') FROM jsonb_array_elements(own.pickups) WITH ORDINALITY p (pick, n))
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'coupon', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days) ORDER BY n), '[]')
        FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) JOIN coupon_template t ON t.template_id = c.id)
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'right', 'rightId', r.right_id, 'title', r.title, 'days', (w.wish->>'days')::int)
          ORDER BY n), '[]') FROM jsonb_array_elements(own.rights) WITH ORDINALITY w (wish, n) JOIN member_right r ON r.right_id = w.wish->>'rightId')
    || CASE WHEN own.points > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points)) ELSE '[]' END
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'follow_up', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days)), '[]')
        FROM coupon_template t WHERE t.template_id = own.follow_up_template);
END $$;

-- The gift that is given to who joins now.
CREATE OR REPLACE FUNCTION gift_running(at timestamptz) RETURNS SETOF gift
LANGUAGE sql STABLE AS $$
  SELECT * FROM gift WHERE kind = 'new_member' AND starts_at <= at AND (ends_at IS NULL OR ends_at >= at)
    ORDER BY starts_at DESC, gift_id LIMIT 1
$$;

-- Whether stock or budget is used up.
CREATE OR REPLACE FUNCTION gift_gone(own gift) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false)
$$;

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'kind', own.kind, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'rightId', own.right_id, 'daysBefore', own.days_before, 'daysAfter', own.days_after, 'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
    'gone', gift_gone(own));
END $$;

-- For guests: the gift, and the sealed name of whose link it came by. {at, link} → {gift, fromSealed}
CREATE OR REPLACE FUNCTION gift_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('gift', (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g),
    'fromSealed', (SELECT encode(now_is.name_sealed, 'base64') FROM referral_link l JOIN member was USING (member_id)
      JOIN member now_is ON now_is.member_id = coalesce(was.merged_into, was.member_id)
      WHERE l.code = call->>'link' AND now_is.status = 'active'),
    'fromSomebody', EXISTS (SELECT 1 FROM referral_link l WHERE l.code = call->>'link'));
END $$;

-- What decides how gifts stand for a member: the named one; else the new-member gift that they opened or that runs, and every other
-- that runs or that they opened. {memberId, at, newAfterDays, giftId?}
-- → {gifts: [gift with given], newSince, boughtBefore, birthday, years, tier, rights, rightsOwn, fromSealed, fromSomebody}
CREATE OR REPLACE FUNCTION gift_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  since timestamptz := member_new_since(me);
  newcomers text;
  inviter uuid;
BEGIN
  newcomers := coalesce((SELECT gift_id FROM gift_given WHERE member_id = me AND kind = 'new_member' AND state = 'given'),
    (SELECT gift_id FROM gift_running(now_at)));
  SELECT inviter_id INTO inviter FROM referral r WHERE r.member_id = me AND r.state <> 'void';
  RETURN jsonb_build_object(
    'gifts', (SELECT coalesce(jsonb_agg(gift_json(g) || jsonb_build_object('given', gift_given_to(me, g.gift_id))
        ORDER BY array_position(ARRAY['new_member', 'birthday', 'trial_pack'], g.kind::text), r.position DESC, g.gift_id), '[]')
      FROM gift g LEFT JOIN member_right r USING (right_id) WHERE CASE WHEN call ? 'giftId' THEN g.gift_id = call->>'giftId'
        WHEN g.kind = 'new_member' THEN g.gift_id = newcomers
        ELSE g.starts_at <= now_at AND (g.ends_at >= now_at OR g.ends_at IS NULL
          OR EXISTS (SELECT 1 FROM gift_given o WHERE o.member_id = me AND o.gift_id = g.gift_id AND o.state = 'given')) END),
    'newSince', iso_text(since), 'boughtBefore', coalesce(order_bought_before(me, since, (call->>'newAfterDays')::int), false),
    'birthday', (SELECT jsonb_build_object('month', birth_month, 'day', birth_day) FROM member m
      WHERE m.member_id = me AND birth_month IS NOT NULL),
    'years', gift_years(me),
    'tier', (SELECT tier FROM standing s WHERE s.member_id = me), 'rights', right_rows(now_at), 'rightsOwn', right_own(me, now_at),
    'fromSealed', (SELECT encode(name_sealed, 'base64') FROM member m WHERE m.member_id = inviter AND m.status = 'active'),
    'fromSomebody', inviter IS NOT NULL);
END $$;

-- For which years somebody has opened a birthday gift.
CREATE OR REPLACE FUNCTION gift_years(me uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(occasion ORDER BY occasion), '[]') FROM gift_given WHERE member_id = me AND kind = 'birthday' AND state = 'given'
$$;

-- What somebody has of a gift, of the last time; NULL when they have not opened it. `followUp`: the coupon that came with its hand-over.
CREATE OR REPLACE FUNCTION gift_given_to(me uuid, which text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('occasion', g.occasion, 'openedAt', iso_text(g.given_at), 'contents', g.contents, 'followUp',
      (SELECT jsonb_build_object('title', t.title, 'state', c.state, 'expiresAt', iso_text(c.expires_at)) FROM coupon c
        JOIN coupon_template t USING (template_id) WHERE c.member_id = me AND c.effect_kind = 'gift'
          AND c.effect_source = g.given_id::text AND gift_follows(c.effect_part)))
    FROM gift_given g WHERE g.member_id = me AND g.gift_id = which AND g.state = 'given' ORDER BY g.given_at DESC LIMIT 1
$$;

-- Whether somebody has had what is given once: the gift for who is new, a gift for this birthday, this trial pack.
CREATE OR REPLACE FUNCTION gift_taken(member uuid, own gift, year text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM gift_given g WHERE g.member_id = member AND g.kind = own.kind AND g.state = 'given' AND g.occasion = year
    AND (g.kind <> 'trial_pack' OR g.gift_id = own.gift_id))
$$;

-- Whether what the rule was told is still so: who is new, the birthday, the right that brings the gift.
CREATE OR REPLACE FUNCTION gift_as_seen(member uuid, own gift, call jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  since timestamptz;
  born text;
BEGIN
  IF own.kind = 'new_member' THEN
    since := member_new_since(member);
    RETURN since IS NOT DISTINCT FROM (call->>'newSince')::timestamptz AND (call->>'boughtBefore')::boolean
      = coalesce(order_bought_before(member, since, (call->>'newAfterDays')::int), false);
  END IF;
  SELECT birth_month || '-' || birth_day INTO born FROM member m WHERE m.member_id = member;
  RETURN (call->>'held')::boolean IS NOT DISTINCT FROM coalesce((SELECT right_until(member, r, (call->>'at')::timestamptz) IS NOT NULL
      FROM member_right r WHERE r.right_id = own.right_id), false)
    AND (own.kind <> 'birthday' OR born IS NOT DISTINCT FROM (call->'birthday'->>'month') || '-' || (call->'birthday'->>'day'));
END $$;

-- Opens the gift: points, coupons, rights and pick-ups in one statement, once a person and occasion. The rule's answer travels with the
-- facts it was given for; facts that changed meanwhile (a merge, a tier) ask again. The shared rows come last.
-- {request, memberId, giftId, givenId, at, pointsEnd, newAfterDays, newSince, boughtBefore, held, birthday, occasion, refusal, along}
-- → {openedAt, contents}
CREATE OR REPLACE FUNCTION gift_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  year text := coalesce(call->>'occasion', '');
  own gift;
  earned jsonb;
  held jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM gift WHERE gift_id = call->>'giftId' AND starts_at <= (call->>'at')::timestamptz;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "gift"}'); END IF;
  IF gift_taken(member, own, year) THEN PERFORM refuse('GIFT_TAKEN'); END IF;
  IF NOT gift_as_seen(member, own, call) THEN PERFORM refuse('BUSY'); END IF;
  IF call->'refusal' ? 'code' THEN PERFORM refuse(call->'refusal'->>'code', call->'refusal'->'detail'); END IF;

  INSERT INTO gift_given (member_id, given_id, gift_id, kind, state, contents, given_at, occasion)
    VALUES (member, (call->>'givenId')::uuid, own.gift_id, own.kind, 'given', '[]', (call->>'at')::timestamptz, year);
  earned := ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'gift', 'sourceId', call->>'givenId',
    'points', own.points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'pointsEnd', 'reason', 'gift',
    'detail', jsonb_build_object('title', own.title)));
  held := gift_give_coupons(call, own) || gift_give_rights(call, own);
  held := gift_pickups(run_handlers(call->'along')) || held;
  IF own.points > 0 THEN
    held := held || jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points, 'expiresAt', call->'pointsEnd'));
  END IF;
  UPDATE gift_given SET contents = held, lot_id = CASE WHEN own.points > 0 THEN (earned->>'lotId')::uuid END
    WHERE member_id = member AND given_id = (call->>'givenId')::uuid;
  held := jsonb_build_object('openedAt', call->'at', 'contents', held);
  held := request_end(call->'request', held);
  IF own.stock IS NOT NULL OR own.points_budget IS NOT NULL THEN
    UPDATE gift SET given = given + 1, points_given = points_given + own.points
      WHERE gift_id = own.gift_id AND (stock IS NULL OR given < stock)
        AND (points_budget IS NULL OR points_given + own.points <= points_budget);
    IF NOT FOUND THEN PERFORM refuse('GIFT_GONE'); END IF;
  END IF;
  RETURN held;
END $$;

-- One coupon of each template, in one order for everybody. A gift that is short of one is gone as a whole.
CREATE OR REPLACE FUNCTION gift_give_coupons(call jsonb, own gift) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  template record;
  made jsonb;
  held jsonb := '[]';
BEGIN
  FOR template IN SELECT id, n FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) ORDER BY id, n LOOP
    made := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', template.id, 'at', call->'at',
      'kind', 'gift', 'sourceId', call->>'givenId', 'part', template.n));
    IF made ? 'refused' THEN PERFORM refuse('GIFT_GONE'); END IF;
    held := held || jsonb_build_array(made || '{"kind": "coupon"}');
  END LOOP;
  RETURN held;
END $$;

-- The pick-ups that the mall placed along with the gift.
CREATE OR REPLACE FUNCTION gift_pickups(answers jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'pickup', 'redemptionId', placed->'redemptionId', 'title', placed->'title',
      'pickupBy', placed->'pickupBy') ORDER BY n), '[]')
    FROM jsonb_array_elements(coalesce(answers->'mall_place_gift', '[]')) WITH ORDINALITY a (placed, n)
$$;

-- The rights that it holds, each to the end of a business day; they are the member's beside what tier and honours bring.
CREATE OR REPLACE FUNCTION gift_give_rights(call jsonb, own gift) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  wish jsonb;
  given jsonb;
  held jsonb := '[]';
BEGIN
  FOR wish IN SELECT value FROM jsonb_array_elements(own.rights) ORDER BY value->>'rightId' LOOP
    given := right_grant(jsonb_build_object('memberId', call->'memberId', 'rightId', wish->'rightId', 'at', call->'at', 'kind', 'gift',
      'sourceId', call->>'givenId', 'expiresAt', CASE WHEN wish->>'days' IS NOT NULL
        THEN iso_text(coupon_end((wish->>'days')::int, NULL, (call->>'at')::timestamptz)) END));
    IF given ? 'refused' THEN PERFORM refuse('GIFT_GONE'); END IF;
    held := held || jsonb_build_array(given || '{"kind": "right"}');
  END LOOP;
  RETURN held;
END $$;
