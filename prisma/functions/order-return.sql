-- Takes a purchase back, whole, {refundFen} of it or {lines} of it: state, points, growth, tier, rights, the handlers of other
-- nouns (its coupons and packet among them) and the audit entry, in one statement. Protects I-P4; the purchase's row decides between two returns.
-- {request, staffId, memberId, orderId, visitId, refundFen?, lines?: [{lineNo, qty}], until, at, graceUntil, windowMonths, warnDays, ladder, along}
-- An order of another store needs the live visit in which it was shown; a clerk is bound to `until`.
CREATE OR REPLACE FUNCTION order_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  back purchase;
  refund int;
  back_points jsonb;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  -- an older server beside this one names the window otherwise and knows of no warning
  call := jsonb_build_object('windowMonths', call->'growthMonths', 'warnDays', 30) || call;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  refund := CASE WHEN jsonb_typeof(call->'lines') = 'array' THEN order_return_lines(back, call->'lines')
    ELSE coalesce((call->>'refundFen')::int, back.amount_fen - back.refunded_fen) END;
  IF refund > back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_TOO_MUCH', jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen));
  END IF;
  UPDATE purchase SET refunded_fen = refunded_fen + refund,
      state = CASE WHEN refunded_fen + refund = amount_fen THEN 'returned' ELSE 'settled' END,
      returned_at = CASE WHEN refunded_fen + refund = amount_fen THEN now_at END,
      returned_by = CASE WHEN refunded_fen + refund = amount_fen THEN own.member_id END
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled' RETURNING * INTO back;
  IF back.state = 'returned' THEN
    UPDATE purchase_line SET returned_qty = qty WHERE member_id = member AND order_id = back.order_id AND returned_qty < qty;
    IF back.right_uses IS NOT NULL THEN PERFORM right_release(member, back.right_uses); END IF;
  END IF;
  -- what time alone does comes first: an end that has passed is not the return's doing
  PERFORM tier_review(call);
  back_points := order_give_points(call, back, refund);
  taken := order_take_back(call || jsonb_build_object('pointsBack', back_points->'share'), back, refund, own.member_id);
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args,leftFen}', to_jsonb(back.amount_fen - back.refunded_fen)) ORDER BY nth)
    FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
  PERFORM audit_note(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', refund,
    'refundedTotalFen', back.refunded_fen, 'leftFen', back.amount_fen - back.refunded_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'pointsBack', back_points->'back', 'pointsEnded', back_points->'expired',
    'coupons', answers->'coupon_return'->'coupons', 'packet', answers->'coupon_return'->'packet',
    'tierBefore', lowered->'before', 'tierAfter', lowered->'after'));
END $$;

-- Takes back what belongs to the amount returned so far, less what earlier returns took: rounded down each time, all of it
-- with the last one, which alone claims the whole effect. Writes the return down. → as ledger_take_back
CREATE OR REPLACE FUNCTION order_take_back(call jsonb, back purchase, refund int, by_staff uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  held jsonb := order_still_held(back, now_at, (call->>'windowMonths')::int);
  whole boolean := back.refunded_fen = back.amount_fen;
  times int;
  points int;
  growth int;
  taken jsonb;
BEGIN
  SELECT count(*), coalesce(sum(r.points), 0), coalesce(sum(r.growth), 0) INTO times, points, growth
    FROM purchase_return r WHERE r.member_id = back.member_id AND r.order_id = back.order_id;
  points := greatest(least(order_share(back.points, back), (held->>'points')::int) - points, 0);
  growth := greatest(least(order_share(back.growth, back), (held->>'growth')::int) - growth, 0);
  taken := ledger_take_back(jsonb_build_object('memberId', back.member_id, 'points', points, 'growth', growth,
    'at', call->'at', 'kind', 'order', 'sourceId', back.order_id, 'part', CASE WHEN whole THEN 'take_back' ELSE 'take_back:' || times + 1 END,
    'reason', 'purchase_returned', 'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id),
      'amountFen', refund, 'earnedAt', iso_text(back.settled_at))
      || CASE WHEN whole THEN '{}' ELSE jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen) END));
  INSERT INTO purchase_return (member_id, order_id, nth, amount_fen, points, growth, staff_id, at, points_back, lines)
    VALUES (back.member_id, back.order_id, times + 1, refund, points, (taken->>'growth')::int, by_staff, now_at, (call->>'pointsBack')::int,
      CASE jsonb_typeof(call->'lines') WHEN 'array' THEN call->'lines' END);
  RETURN taken;
END $$;

-- Notes which articles come back. → what was paid for them, by each line's share: rounded down, all of it with the last of the line.
-- What nothing was paid for comes back along with the last that was: else a coupon would come back beside what it had paid for.
CREATE OR REPLACE FUNCTION order_return_lines(back purchase, wished jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  line purchase_line;
  refund bigint := 0;
BEGIN
  FOR one IN SELECT (value->>'lineNo')::int AS line_no, sum((value->>'qty')::int)::int AS qty FROM jsonb_array_elements(wished) GROUP BY 1 ORDER BY 1 LOOP
    SELECT * INTO line FROM purchase_line WHERE member_id = back.member_id AND order_id = back.order_id AND line_no = one.line_no;
    IF NOT FOUND OR one.qty > line.qty - line.returned_qty THEN
      PERFORM refuse('RETURN_LINE', jsonb_build_object('lineNo', one.line_no, 'leftQty', coalesce(line.qty - line.returned_qty, 0)));
    END IF;
    UPDATE purchase_line SET returned_qty = returned_qty + one.qty
      WHERE member_id = back.member_id AND order_id = back.order_id AND line_no = one.line_no;
    refund := refund + line.payable_fen::bigint * (line.returned_qty + one.qty) / line.qty - line.payable_fen::bigint * line.returned_qty / line.qty;
  END LOOP;
  SELECT * INTO line FROM purchase_line WHERE member_id = back.member_id AND order_id = back.order_id AND payable_fen = 0 AND returned_qty < qty
    ORDER BY line_no LIMIT 1;
  IF FOUND AND refund = back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_LINE', jsonb_build_object('lineNo', line.line_no, 'leftQty', line.qty - line.returned_qty));
  END IF;
  RETURN refund;
END $$;

-- Points that paid come back by the share of what was returned so far, less what came back before; the rest with the last.
-- → {share, back (in lots again), expired (their end had passed)}
CREATE OR REPLACE FUNCTION order_give_points(call jsonb, back purchase, refund int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  whole boolean := back.refunded_fen = back.amount_fen;
  times int;
  share int;
  came jsonb;
BEGIN
  IF back.points_used = 0 THEN RETURN '{"share": 0, "back": 0, "expired": 0}'; END IF;
  SELECT count(*), order_share(back.points_used, back) - coalesce(sum(points_back), 0) INTO times, share
    FROM purchase_return WHERE member_id = back.member_id AND order_id = back.order_id;
  IF share > 0 THEN
    came := order_points_back(back.member_id, back.hold_id, (call->>'at')::timestamptz, jsonb_build_object('points', share,
      'part', CASE WHEN whole THEN 'return' ELSE 'return:' || times + 1 END, 'graceUntil', call->'graceUntil', 'reason', 'points_returned',
      'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id), 'amountFen', refund)));
  END IF;
  RETURN jsonb_build_object('share', share, 'back', coalesce((came->>'returned')::int + (came->>'grace')::int, 0),
    'expired', coalesce((came->>'expired')::int, 0));
END $$;

-- What of an award belongs to the amount returned so far; the same as returnedShare of the rules.
CREATE OR REPLACE FUNCTION order_share(award int, back purchase) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN back.refunded_fen = back.amount_fen THEN award ELSE (award::bigint * back.refunded_fen / back.amount_fen)::int END
$$;

-- What of an order's award has not gone by itself: points that ended with their lot and growth that left the window are not
-- taken a second time. The points may have stood with any record that became this member or that it was part of; whether the growth still counts is
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
  SELECT array_agg(id) INTO earners FROM merge_former(back.member_id) id;
  SELECT coalesce(sum(t.amount), 0) INTO ended FROM lot JOIN transfer t USING (member_id, lot_id)
    WHERE lot.member_id = ANY (earners) AND t.reason = 'expired' AND lot.origin_lot_id IN (SELECT own.origin_lot_id FROM lot own
      WHERE own.member_id = ANY (earners) AND own.effect_kind = 'order' AND own.effect_source = back.order_id::text);
  RETURN jsonb_build_object('points', back.points - ended, 'growth', CASE WHEN back.settled_at < counts_from THEN 0 ELSE back.growth END);
END $$;
