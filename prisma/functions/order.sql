-- Takes a paid amount into account: the order with its lines, its points and growth, the tier, the coupons of its hold, the
-- handlers of other nouns and the audit entry, in one statement. Protects I-L5 (request, effect, the hold's state) and I-L1…I-L3 through
-- ledger_award. What has been paid does not fail for its coupons, rights and points: a live hold has them.
-- {request, staffId, memberId, visitId, holdId?, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
  kept order_hold;
  made purchase;
  store_name text;
  earned jsonb;
  raised jsonb;
  packet jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF call->>'holdId' IS NOT NULL THEN
    UPDATE order_hold SET state = 'settled' WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
      AND visit_id = stay.visit_id AND payable_fen = (call->>'amountFen')::int AND state = 'live' AND expires_at > now_at
      RETURNING * INTO kept;
    IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  ELSIF stay.expires_at <= now_at THEN
    PERFORM refuse('VISIT_OVER');
  END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth,
                        settled_at, receipt, hold_id, points_used, points_off_fen, right_uses)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', stay.visit_id, own.store_id, stay.till_id, own.member_id,
            'counter', coalesce(kept.full_fen, (call->>'amountFen')::int), (call->>'amountFen')::int, (call->>'points')::int,
            (call->>'growth')::int, now_at, kept.receipt, kept.hold_id, coalesce(kept.points, 0), coalesce(kept.points_off_fen, 0),
            kept.right_uses) RETURNING * INTO made;
  IF kept.lines IS NOT NULL THEN PERFORM order_write_lines(made, kept.lines); END IF;
  SELECT name INTO store_name FROM store WHERE store_id = own.store_id;
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  IF kept.coupon_ids <> '{}' THEN
    PERFORM coupon_use(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'orderId', made.order_id, 'at', call->'at'));
  END IF;
  packet := run_handlers(call->'along')->'coupon_grant';
  PERFORM audit_note(call, own, 'order.settle', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'fullFen', made.full_fen, 'amountFen', call->'amountFen',
    'points', call->'points', 'pointsUsed', made.points_used, 'lines', CASE WHEN kept.lines IS NULL THEN '[]' ELSE order_told_lines(kept.lines) END, 'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after',
    'packet', CASE WHEN packet ? 'couponId' THEN jsonb_build_object('title', packet->'title', 'expiresAt', packet->'expiresAt') END));
END $$;

CREATE OR REPLACE FUNCTION order_write_lines(made purchase, lines jsonb) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO purchase_line (member_id, order_id, line_no, sku, title, category, qty, full_fen, payable_fen)
    SELECT made.member_id, made.order_id, "lineNo", sku, title, category, qty, "fullFen", "payableFen"
      FROM jsonb_to_recordset(lines) one ("lineNo" int, sku text, title text, category text, qty int, "fullFen" int, "payableFen" int)
$$;

-- The lines of a hold as a till is told of them.
CREATE OR REPLACE FUNCTION order_told_lines(lines jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_agg(one - 'category' ORDER BY nth) FROM jsonb_array_elements(CASE jsonb_typeof(lines) WHEN 'array' THEN lines ELSE '[]' END) WITH ORDINALITY listed (one, nth)
$$;

-- What a store took between two instants and kept; of what came back in part, the rest. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen - refunded_fen), 0),
      'points', coalesce(sum(points - order_share(points, purchase)), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId' AND state = 'settled'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

-- Whether somebody bought something (and kept it) within {days} days before {until}; who did is not new.
CREATE OR REPLACE FUNCTION order_bought_before(who uuid, until timestamptz, days int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase WHERE member_id = who AND state = 'settled'
    AND settled_at < until AND settled_at >= until - make_interval(days => days))
$$;
