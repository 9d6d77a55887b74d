-- Takes a whole purchase back: state, points, growth, tier, the handlers of other nouns (its coupon and packet among them)
-- and the audit entry, in one statement. Protects I-P4; the purchase's state decides between two returns.
-- {request, staffId, memberId, orderId, visitId, until, at, windowMonths, warnDays, ladder, along}
-- An order of another store needs the live visit in which it was shown; a clerk is bound to `until`.
CREATE OR REPLACE FUNCTION order_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  back purchase;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  -- an older server beside this one names the window otherwise and knows of no warning
  call := jsonb_build_object('windowMonths', call->'growthMonths', 'warnDays', 30) || call;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  UPDATE purchase SET state = 'returned', returned_at = now_at, returned_by = own.member_id
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled';
  -- what time alone does comes first: an end that has passed is not the return's doing
  PERFORM tier_review(call);
  taken := ledger_take_back(order_still_held(back, now_at, (call->>'windowMonths')::int) || jsonb_build_object('memberId', member,
    'at', call->'at', 'kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase_returned',
    'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id), 'amountFen', back.amount_fen,
                                 'earnedAt', iso_text(back.settled_at))));
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers(call->'along');
  PERFORM order_audit(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', back.amount_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'coupon', answers->'coupon_return'->'coupon', 'packet', answers->'coupon_return'->'packet',
    'tierBefore', lowered->'before', 'tierAfter', lowered->'after'));
END $$;

-- What of an order's award has not gone by itself: points that ended with their lot and growth that left the window are not
-- taken a second time. The points may have stood with any record that became this member; whether the growth still counts is
-- told by its day alone. → {points, growth}
CREATE OR REPLACE FUNCTION order_still_held(back purchase, now_at timestamptz, growth_months int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  earners uuid[];
  ended int;
  counts_from timestamptz := tier_counts_from(now_at, growth_months);
BEGIN
  -- brings the lots and the growth up to date first
  PERFORM ledger_hold(back.member_id, now_at);
  PERFORM ledger_settle_growth(jsonb_build_object('memberId', back.member_id, 'at', now_at, 'from', counts_from));
  SELECT array_agg(member_id) INTO earners FROM member WHERE member_id = back.member_id OR merged_into = back.member_id;
  SELECT coalesce(sum(t.amount), 0) INTO ended FROM lot JOIN transfer t USING (member_id, lot_id)
    WHERE lot.member_id = ANY (earners) AND t.reason = 'expired' AND lot.origin_lot_id IN (SELECT own.origin_lot_id FROM lot own
      WHERE own.member_id = ANY (earners) AND own.effect_kind = 'order' AND own.effect_source = back.order_id::text);
  RETURN jsonb_build_object('points', back.points - ended, 'growth', CASE WHEN back.settled_at < counts_from THEN 0 ELSE back.growth END);
END $$;
