-- Prices that are held: what a price is made of, coupons, points and rights kept aside for it, and all of them given back.
-- Protects I-C1, I-L3 and I-R1 at the till: coupon_hold, ledger_spend and right_hold decide, each by its conditional write.

-- What decides which prices a member has, as one text: tier, honours that are worn, rights of gifts.
CREATE OR REPLACE FUNCTION order_standing(member uuid, now_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT concat_ws(' ', (SELECT tier FROM standing WHERE member_id = member),
    (SELECT string_agg(worn_id, ',' ORDER BY worn_id) FROM honour_all_worn(member, now_at)),
    (SELECT string_agg(grant_id::text, ',' ORDER BY grant_id) FROM right_grant
      WHERE member_id = member AND voided_at IS NULL AND (expires_at IS NULL OR expires_at > now_at)))
$$;

-- All that a price is made of, in one round trip. Without `lines` what was bought is told of every article; points that are due by
-- now are counted as a spend would find them. {memberId, at, lines?, everything?: true, packet?: templateId}
-- → {account: {available, debt, growth}, tier, rights, own, seen, coupons, bought: [{sku, at}], cart, packet, over}, or NULL for nobody.
-- `over`: a hold's time is over, and what it had is still to be given up; the caller does so and reads again.
CREATE OR REPLACE FUNCTION order_facts(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  cart jsonb := CASE WHEN jsonb_typeof(call->'lines') = 'array' THEN product_lines(call) END;
  own account;
BEGIN
  SELECT * INTO own FROM account WHERE member_id = me;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('tier', (SELECT tier FROM standing WHERE member_id = me), 'seen', order_standing(me, now_at), 'cart', cart,
    'account', jsonb_build_object('debt', own.debt_points, 'growth', own.growth, 'available', CASE WHEN own.debt_points > 0 THEN own.available_points
      ELSE (SELECT coalesce(sum(remaining), 0) FROM lot WHERE member_id = me AND remaining > 0 AND expires_at >= now_at
        AND (state = 'active' OR active_at <= now_at)) END),
    'rights', right_rows(now_at), 'own', right_own(me, now_at), 'coupons', coupon_open(call),
    'bought', CASE WHEN cart IS NULL AND NOT coalesce((call->>'everything')::boolean, false) THEN '[]' ELSE order_bought(me, now_at,
      CASE WHEN cart IS NOT NULL THEN ARRAY(SELECT value->>'sku' FROM jsonb_array_elements(call->'lines')) END) END,
    'packet', (SELECT title FROM coupon_template WHERE template_id = call->>'packet'),
    'over', EXISTS (SELECT 1 FROM order_hold WHERE member_id = me AND state = 'live' AND expires_at <= now_at));
END $$;

-- Which of these articles (NULL: of all) were bought and kept within the longest time that a right of buying again looks back, and
-- when last. → [{sku, at}]
CREATE OR REPLACE FUNCTION order_bought(me uuid, now_at timestamptz, skus text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  days int := (SELECT max((payload->>'withinDays')::int) FROM member_right
    WHERE kind = 'repurchase_discount' AND starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at));
BEGIN
  IF days IS NULL THEN RETURN '[]'; END IF;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', sku, 'at', iso_text(latest)) ORDER BY sku), '[]') FROM (
    SELECT l.sku, max(p.settled_at) AS latest FROM purchase p JOIN purchase_line l USING (member_id, order_id)
      WHERE p.member_id = me AND p.state = 'settled' AND p.settled_at >= now_at - make_interval(days => days)
        AND l.sku IS NOT NULL AND l.returned_qty < l.qty AND (skus IS NULL OR l.sku = ANY (skus)) GROUP BY l.sku) bought);
END $$;

-- Fixes a quoted price: its rights are used, its coupons kept aside, its points spent; each decides for itself between two tills.
-- {request, staffId, keyId?, memberId, visitId, holdId, fullFen, payableFen, couponIds, points, pointsOffFen, rightIds, lines,
--  earnPercent, seen, receipt, fault, at, expiresAt, graceUntil}
-- `fault` is what the rule has against it; `seen` is who the rule saw. BUSY when that is no longer so: the caller asks again.
CREATE OR REPLACE FUNCTION order_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
  uses jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  call := order_hold_call(call);
  IF stay.method <> 'code' AND (call->'couponIds' <> '[]' OR call->'rightIds' <> '[]' OR (call->>'points')::int > 0) THEN
    PERFORM refuse('CODE_NEEDED');
  END IF;
  PERFORM order_release_over(member, now_at);
  uses := order_keep_aside(call, own);
  IF jsonb_typeof(call->'fault') = 'object' THEN PERFORM refuse(call->'fault'->>'code', call->'fault'->'detail'); END IF;
  IF order_standing(member, now_at) IS DISTINCT FROM coalesce(call->>'seen', order_standing(member, now_at))
      OR call ? 'tier' AND NOT EXISTS (SELECT 1 FROM standing WHERE member_id = member AND tier = (call->>'tier')::int) THEN
    PERFORM refuse('BUSY');
  END IF;
  INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_ids, lines, points,
      points_off_fen, right_uses, earn_percent, grace_until, state, held_at, expires_at)
    VALUES (member, (call->>'holdId')::uuid, stay.visit_id, own.store_id, stay.till_id, own.member_id, (call->>'fullFen')::int,
      (call->>'payableFen')::int, call->'receipt', uuid_list(call->'couponIds'), CASE jsonb_typeof(call->'lines') WHEN 'array' THEN call->'lines' END,
      (call->>'points')::int, (call->>'pointsOffFen')::int, uses, (call->>'earnPercent')::int, (call->>'graceUntil')::timestamptz, 'live',
      now_at, (call->>'expiresAt')::timestamptz);
  PERFORM audit_note(call, own, 'order.hold', call->>'holdId');
  RETURN request_end(call->'request', jsonb_build_object('holdId', call->'holdId', 'fullFen', call->'fullFen', 'payableFen', call->'payableFen',
    'couponIds', call->'couponIds', 'pointsUsed', call->'points', 'pointsOffFen', call->'pointsOffFen',
    'lines', coalesce(order_told_lines(call->'lines'), '[]'), 'receipt', call->'receipt', 'expiresAt', call->'expiresAt'));
END $$;

-- The call with everything that it may leave out. An older server beside this one knows one coupon, and neither points nor rights.
CREATE OR REPLACE FUNCTION order_hold_call(call jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('couponIds', CASE WHEN call->>'couponId' IS NULL THEN '[]' ELSE jsonb_build_array(call->'couponId') END,
    'rightIds', '[]'::jsonb, 'points', 0, 'pointsOffFen', 0, 'earnPercent', 100, 'graceUntil', call->'expiresAt') || call
$$;

-- Uses the rights, keeps the coupons and spends the points of a price. → [{rightId, periodKey}], or NULL without rights
CREATE OR REPLACE FUNCTION order_keep_aside(call jsonb, own staff) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  uses jsonb;
  which uuid;
BEGIN
  IF call->'rightIds' <> '[]' THEN
    uses := right_hold(member, ARRAY(SELECT jsonb_array_elements_text(call->'rightIds')), (call->>'at')::timestamptz);
  END IF;
  FOREACH which IN ARRAY uuid_list(call->'couponIds') LOOP
    PERFORM coupon_hold(jsonb_build_object('memberId', member, 'couponId', which, 'holdId', call->'holdId', 'at', call->'at',
      'heldUntil', call->'expiresAt'));
  END LOOP;
  IF (call->>'points')::int > 0 THEN
    PERFORM ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'order_hold', 'sourceId', call->>'holdId',
      'points', call->'points', 'reason', 'points_paid', 'detail', jsonb_build_object('amountFen', call->'pointsOffFen',
        'storeName', (SELECT name FROM store WHERE store_id = own.store_id))));
  END IF;
  RETURN nullif(uses, '[]');
END $$;

-- Gives a hold up, whether or not its visit is over. {request, staffId, keyId?, memberId, visitId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION order_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  kept order_hold;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  PERFORM visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  SELECT * INTO kept FROM order_hold WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
    AND visit_id = (call->>'visitId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  IF kept.state = 'live' THEN
    PERFORM order_give_up(kept, (call->>'at')::timestamptz);
    PERFORM audit_note(call, own, 'order.release', call->>'holdId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('released', kept.state <> 'settled'));
END $$;

-- A live hold is given up: coupons, points and rights come back. The member is held.
CREATE OR REPLACE FUNCTION order_give_up(kept order_hold, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE order_hold SET state = 'released' WHERE member_id = kept.member_id AND hold_id = kept.hold_id;
  IF kept.coupon_ids <> '{}' THEN
    PERFORM coupon_release(jsonb_build_object('memberId', kept.member_id, 'holdId', kept.hold_id, 'at', now_at));
  END IF;
  IF kept.right_uses IS NOT NULL THEN PERFORM right_release(kept.member_id, kept.right_uses); END IF;
  IF kept.points > 0 THEN
    PERFORM order_points_back(kept.member_id, kept.hold_id, now_at, jsonb_build_object('graceUntil', kept.grace_until, 'reason', 'points_released',
      'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = kept.store_id), 'amountFen', kept.points_off_fen)));
  END IF;
END $$;

-- Points that had paid come back to their lots; `more` says how many, as which part, and why. → as ledger_return_spend
CREATE OR REPLACE FUNCTION order_points_back(member uuid, hold uuid, now_at timestamptz, more jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back jsonb := ledger_return_spend(more || jsonb_build_object('memberId', member, 'at', now_at, 'kind', 'order_hold', 'sourceId', hold));
BEGIN
  -- points of a gift or a reward that a merge took back stay with the programme
  PERFORM gift_take_back(jsonb_build_object('memberId', member, 'at', now_at));
  PERFORM referral_take_back(jsonb_build_object('memberId', member, 'at', now_at));
  RETURN back;
END $$;

-- Gives up what a member's holds keep aside beyond their time. → how many
CREATE OR REPLACE FUNCTION order_release_over(member uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  over order_hold;
  released int := 0;
BEGIN
  FOR over IN SELECT * FROM order_hold WHERE member_id = member AND state = 'live' AND expires_at <= now_at ORDER BY hold_id LOOP
    PERFORM order_give_up(over, now_at);
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

-- {memberId, at} → {released}
CREATE OR REPLACE FUNCTION order_release_due(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM member_hold((call->>'memberId')::uuid);
  RETURN jsonb_build_object('released', order_release_over((call->>'memberId')::uuid, (call->>'at')::timestamptz));
END $$;
