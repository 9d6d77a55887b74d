CREATE OR REPLACE FUNCTION order_audit(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', verb, 'subject', subject, 'bodyHash', call->'request'->>'bodyHash'));
END $$;

-- Fixes a quoted price and keeps its coupon aside; the conditional write of coupon_hold decides between two tills.
-- {request, staffId, memberId, visitId, holdId, fullFen, payableFen, couponId, tier, receipt, fault, at, expiresAt}
-- `fault` is what the rule has against it; `tier` is what the rule saw. BUSY when that is no longer so: the caller asks again.
CREATE OR REPLACE FUNCTION order_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := at_till(call, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' AND call->>'couponId' IS NOT NULL THEN PERFORM refuse('CODE_NEEDED'); END IF;
  PERFORM order_release_over(member, now_at);
  IF call->>'couponId' IS NOT NULL THEN
    PERFORM coupon_hold(jsonb_build_object('memberId', member, 'couponId', call->'couponId', 'holdId', call->'holdId',
      'at', call->'at', 'heldUntil', call->'expiresAt'));
  END IF;
  IF jsonb_typeof(call->'fault') = 'object' THEN PERFORM refuse(call->'fault'->>'code', call->'fault'->'detail'); END IF;
  IF NOT EXISTS (SELECT 1 FROM standing WHERE member_id = member AND tier = (call->>'tier')::int) THEN PERFORM refuse('BUSY'); END IF;
  INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_id, state, held_at, expires_at)
    VALUES (member, (call->>'holdId')::uuid, stay.visit_id, own.store_id, stay.till_id, own.member_id, (call->>'fullFen')::int,
            (call->>'payableFen')::int, call->'receipt', (call->>'couponId')::uuid, 'live', now_at, (call->>'expiresAt')::timestamptz);
  PERFORM order_audit(call, own, 'order.hold', call->>'holdId');
  RETURN request_end(call->'request', jsonb_build_object('holdId', call->'holdId', 'fullFen', call->'fullFen',
    'payableFen', call->'payableFen', 'couponId', call->'couponId', 'receipt', call->'receipt', 'expiresAt', call->'expiresAt'));
END $$;

-- Gives a hold up, whether or not its visit is over. {request, staffId, memberId, visitId, holdId, at} → {released}
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
    UPDATE order_hold SET state = 'released' WHERE member_id = member AND hold_id = kept.hold_id;
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'at', call->'at'));
    PERFORM order_audit(call, own, 'order.release', call->>'holdId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('released', kept.state <> 'settled'));
END $$;

-- Gives up what a member's holds keep aside beyond their time. → how many
CREATE OR REPLACE FUNCTION order_release_over(member uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  given_up uuid;
  released int := 0;
BEGIN
  FOR given_up IN UPDATE order_hold SET state = 'released'
      WHERE member_id = member AND state = 'live' AND expires_at <= now_at RETURNING hold_id LOOP
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', given_up, 'at', now_at));
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

-- Takes a paid amount into account: the order, its points and growth, the tier, the coupon of its hold, the handlers of
-- other nouns and the audit entry, in one statement. Protects I-L5 (request, effect, the hold's state) and I-L1…I-L3 through
-- ledger_award. What has been paid does not fail for its coupon: a live hold has it.
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
                        settled_at, receipt, hold_id)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', stay.visit_id, own.store_id, stay.till_id, own.member_id,
            'counter', coalesce(kept.full_fen, (call->>'amountFen')::int), (call->>'amountFen')::int, (call->>'points')::int,
            (call->>'growth')::int, now_at, kept.receipt, kept.hold_id) RETURNING * INTO made;
  SELECT name INTO store_name FROM store WHERE store_id = own.store_id;
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  IF kept.coupon_id IS NOT NULL THEN
    PERFORM coupon_use(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'orderId', made.order_id, 'at', call->'at'));
  END IF;
  packet := run_handlers(call->'along')->'coupon_grant';
  PERFORM order_audit(call, own, 'order.settle', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'fullFen', made.full_fen, 'amountFen', call->'amountFen',
    'points', call->'points', 'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after',
    'packet', CASE WHEN packet ? 'couponId' THEN jsonb_build_object('title', packet->'title', 'expiresAt', packet->'expiresAt') END));
END $$;

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
