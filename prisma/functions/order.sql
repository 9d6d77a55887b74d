-- Takes a paid amount into account: the order, its points and growth, the tier, the handlers of other nouns and the
-- audit entry, in one statement. Protects I-L5 (request, effect) and I-L1…I-L3 through ledger_award.
-- {request, staffId, memberId, visitId, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  here record;
  earned jsonb;
  raised jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  SELECT own.member_id AS staff_id, own.store_id, shop.name AS store_name, stay.visit_id, stay.till_id, stay.expires_at INTO here
    FROM staff own JOIN store shop USING (store_id) LEFT JOIN visit stay
      ON stay.member_id = member AND stay.visit_id = (call->>'visitId')::uuid AND stay.store_id = own.store_id
    WHERE own.member_id = (call->>'staffId')::uuid AND own.ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF here.visit_id IS NULL THEN
    -- a merge has taken the visit along: the caller asks again for the survivor
    IF EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
    PERFORM refuse('VISIT_UNKNOWN');
  END IF;
  IF here.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth, settled_at)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', here.visit_id, here.store_id, here.till_id, here.staff_id,
            'counter', (call->>'amountFen')::int, (call->>'amountFen')::int, (call->>'points')::int, (call->>'growth')::int, now_at);
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', here.store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  PERFORM run_handlers(call->'along');
  PERFORM audit_append(jsonb_build_object('storeId', here.store_id, 'at', call->'at', 'actorId', here.staff_id,
    'verb', 'order.settle', 'subject', call->>'orderId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'amountFen', call->'amountFen', 'points', call->'points',
    'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after'));
END $$;

-- What a store took between two instants. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen), 0),
      'points', coalesce(sum(points), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE purchase SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- Whether somebody bought something (and kept it) within {days} days before {until}; who did is not new.
CREATE OR REPLACE FUNCTION order_bought_before(who uuid, until timestamptz, days int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase WHERE member_id = who AND state = 'settled'
    AND settled_at < until AND settled_at >= until - make_interval(days => days))
$$;
