-- The new-member gift. Protects I-G1: one a person, by the unique index behind gift_given, also when two records that each
-- opened one become one person.

-- What a gift holds, as it is shown before it is opened.
CREATE OR REPLACE FUNCTION gift_contents(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(pick || '{"kind": "pickup"}' ORDER BY n), '[]') FROM jsonb_array_elements(own.pickups) WITH ORDINALITY p (pick, n))
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'coupon', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days) ORDER BY n), '[]')
        FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) JOIN coupon_template t ON t.template_id = c.id)
    || CASE WHEN own.points > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points)) ELSE '[]' END;
END $$;

-- The gift that is given to who joins now.
CREATE OR REPLACE FUNCTION gift_running(at timestamptz) RETURNS SETOF gift
LANGUAGE sql STABLE AS $$
  SELECT * FROM gift WHERE kind = 'new_member' AND starts_at <= at AND (ends_at IS NULL OR ends_at >= at)
    ORDER BY starts_at DESC, gift_id LIMIT 1
$$;

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
    'gone', coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false));
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

-- What decides how a gift stands for a member: the one they opened, else the named one, else the one that runs.
-- {memberId, at, newAfterDays, giftId?} → {gift, given, newSince, boughtBefore, fromSealed, fromSomebody}
CREATE OR REPLACE FUNCTION gift_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  since timestamptz := member_new_since(me);
  opened gift_given;
  inviter uuid;
BEGIN
  SELECT * INTO opened FROM gift_given WHERE member_id = me AND kind = 'new_member' AND state = 'given';
  SELECT inviter_id INTO inviter FROM referral r WHERE r.member_id = me AND r.state <> 'void';
  RETURN jsonb_build_object(
    'gift', CASE WHEN call ? 'giftId' OR opened.gift_id IS NOT NULL
      THEN (SELECT gift_json(g) FROM gift g WHERE g.gift_id = coalesce(call->>'giftId', opened.gift_id))
      ELSE (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g) END,
    'given', CASE WHEN opened.gift_id IS NOT NULL
      THEN jsonb_build_object('giftId', opened.gift_id, 'openedAt', iso_text(opened.given_at), 'contents', opened.contents) END,
    'newSince', iso_text(since), 'boughtBefore', coalesce(order_bought_before(me, since, (call->>'newAfterDays')::int), false),
    'fromSealed', (SELECT encode(name_sealed, 'base64') FROM member m WHERE m.member_id = inviter AND m.status = 'active'),
    'fromSomebody', inviter IS NOT NULL);
END $$;

-- Opens the gift: points, coupons and pick-ups in one statement, once a person. The rule's answer travels with the facts it
-- was given for; facts that changed meanwhile (a merge) ask again. The shared rows come last.
-- {request, memberId, giftId, givenId, at, pointsEnd, newAfterDays, newSince, boughtBefore, refusal, along} → {openedAt, contents}
CREATE OR REPLACE FUNCTION gift_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  since timestamptz;
  own gift;
  earned jsonb;
  held jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM gift WHERE gift_id = call->>'giftId' AND starts_at <= (call->>'at')::timestamptz;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "gift"}'); END IF;
  IF EXISTS (SELECT 1 FROM gift_given WHERE member_id = member AND kind = own.kind AND state = 'given') THEN PERFORM refuse('GIFT_TAKEN'); END IF;
  since := member_new_since(member);
  IF since IS DISTINCT FROM (call->>'newSince')::timestamptz
      OR coalesce(order_bought_before(member, since, (call->>'newAfterDays')::int), false) <> (call->>'boughtBefore')::boolean THEN
    PERFORM refuse('BUSY');
  END IF;
  IF call->'refusal' ? 'code' THEN PERFORM refuse(call->'refusal'->>'code', call->'refusal'->'detail'); END IF;

  INSERT INTO gift_given (member_id, given_id, gift_id, kind, state, contents, given_at)
    VALUES (member, (call->>'givenId')::uuid, own.gift_id, own.kind, 'given', '[]', (call->>'at')::timestamptz);
  earned := ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'gift', 'sourceId', call->>'givenId',
    'points', own.points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'pointsEnd', 'reason', 'gift',
    'detail', jsonb_build_object('title', own.title)));
  held := gift_give_coupons(call, own);
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

-- Of two opened gifts the later one is superseded: its unused coupons and unspent points go, what was used stays recorded.
-- Its pick-ups are the mall's, which comes later in a merge.
-- {from, to, at} → {moved: {gifts: [id], superseded: {givenId, held}}, came, reversed}
CREATE OR REPLACE FUNCTION gift_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  later gift_given;
  gifts jsonb;
  opened int;
  gone jsonb;
BEGIN
  SELECT * INTO later FROM gift_given
    WHERE member_id IN (src, dst) AND kind = 'new_member' AND state = 'given' ORDER BY given_at, given_id OFFSET 1 LIMIT 1;
  IF FOUND THEN
    UPDATE gift_given SET state = 'superseded' WHERE member_id = later.member_id AND given_id = later.given_id;
  END IF;
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src RETURNING given_id, state)
  SELECT jsonb_agg(given_id), count(*) FILTER (WHERE state = 'given' OR given_id = later.given_id) INTO gifts, opened FROM went;
  IF later.given_id IS NOT NULL THEN
    later.member_id := dst;
    gone := gift_supersede(call, later);
  END IF;
  IF gifts IS NULL AND gone IS NULL THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('gifts', gifts, 'superseded', gone->'journal')),
    'came', CASE WHEN opened > 0 THEN jsonb_build_object('gifts', opened) ELSE '{}' END,
    'reversed', CASE WHEN gone IS NULL THEN '[]' ELSE jsonb_build_array(gone->'said') END);
END $$;

-- Takes back what a superseded gift still holds. → {journal, said}
CREATE OR REPLACE FUNCTION gift_supersede(call jsonb, own gift_given) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  usable int;
  held jsonb;
  waiting int;
BEGIN
  SELECT count(*) FILTER (WHERE expires_at >= now_at),
      jsonb_object_agg(coupon_id, jsonb_build_array(hold_id, iso_text(held_until))) FILTER (WHERE state = 'held')
    INTO usable, held FROM coupon WHERE member_id = own.member_id AND effect_kind = 'gift' AND effect_source = own.given_id::text
      AND (state = 'granted' OR (state = 'held' AND held_until <= now_at));
  SELECT count(*) INTO waiting FROM redemption WHERE member_id IN ((call->>'from')::uuid, own.member_id)
    AND given_id = own.given_id AND state IN ('placed', 'ready');
  PERFORM coupon_void_of(jsonb_build_object('memberId', own.member_id, 'kind', 'gift', 'sourceId', own.given_id, 'at', call->'at',
    'reason', 'gift_superseded'));
  RETURN jsonb_build_object('journal', jsonb_strip_nulls(jsonb_build_object('givenId', own.given_id, 'held', held)),
    'said', jsonb_build_object('kind', 'gift_superseded', 'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id),
      'coupons', usable, 'points', gift_take_one(own, call), 'pickups', waiting));
END $$;

-- Takes back what superseded gifts' points have come to hold: at the merge, and when an exchange they paid for is undone
-- later. {memberId, at}
CREATE OR REPLACE FUNCTION gift_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gift_take_one(given, call) FROM gift_given given WHERE given.member_id = (call->>'memberId')::uuid AND given.state = 'superseded';
END $$;

-- → how many points of one gift were taken back
CREATE OR REPLACE FUNCTION gift_take_one(own gift_given, call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
  IF own.lot_id IS NULL THEN RETURN 0; END IF;
  RETURN (ledger_take_lot(jsonb_build_object('memberId', own.member_id, 'at', call->'at', 'kind', 'gift', 'sourceId', own.given_id,
    'originLotId', own.lot_id, 'reason', 'gift_returned',
    'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id))))->>'taken')::int;
END $$;
