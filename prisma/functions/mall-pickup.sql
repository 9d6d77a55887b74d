-- What becomes of a redemption: ready, picked up, cancelled. Protects: I-M1 (what comes back can be
-- taken again, once), I-M2 (points come back with the cancellation or not at all). Verbs of one member come one after the
-- other (member_hold), so a cancellation and a hand-over never both win.

-- The code that is said at the counter: 8 digits, as random as the server's UUIDs.
CREATE OR REPLACE FUNCTION mall_draw_code(member uuid, id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO pickup_code (code, member_id, redemption_id) VALUES (
        lpad((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint % 100000000)::text, 8, '0'), member, id)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN; END IF;
  END LOOP;
END $$;

-- What is prepared by now can be picked up: up to {limit}, each told to a member who allows it. Two workers never get the
-- same one. {at, limit} → {ready}
CREATE OR REPLACE FUNCTION mall_make_ready(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  due redemption;
  n int := 0;
BEGIN
  FOR due IN SELECT * FROM redemption WHERE state = 'placed' AND ready_at <= (call->>'at')::timestamptz
      ORDER BY ready_at LIMIT (call->>'limit')::int FOR UPDATE SKIP LOCKED LOOP
    UPDATE redemption SET state = 'ready' WHERE member_id = due.member_id AND redemption_id = due.redemption_id;
    PERFORM mall_draw_code(due.member_id, due.redemption_id);
    PERFORM outbox_put(jsonb_build_object('memberId', due.member_id, 'template', 'pickup_ready', 'at', call->'at',
      'ifAllowed', true, 'payload', jsonb_build_object('title', due.title, 'pickupBy', iso_text(due.pickup_by))));
    n := n + 1;
  END LOOP;
  RETURN jsonb_build_object('ready', n);
END $$;

-- Hands a redemption over in a live visit that was opened with a code. Handed out after its last day, too, as long as
-- nobody has cancelled it: the thing is here and so is the customer.
-- {request, staffId, memberId, visitId, pickupCode, at} → {done: {…, followUp? (a coupon that came along)}} | {fault} (a wrong code
-- stays in the audit)
CREATE OR REPLACE FUNCTION mall_hand_over(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  here visit;
  given redemption;
  entry jsonb;
  follow jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);

  SELECT r.* INTO given FROM pickup_code c JOIN redemption r USING (member_id, redemption_id)
    WHERE c.code = call->>'pickupCode' AND c.member_id = member FOR UPDATE OF r;
  entry := jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'bodyHash', call->'request'->>'bodyHash');
  IF given.redemption_id IS NULL THEN
    PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.miss', 'subject', here.visit_id));
    RETURN request_end(call->'request', '{"fault": {"code": "PICKUP_WRONG", "detail": {}}}');
  END IF;
  IF given.state = 'placed' THEN
    PERFORM refuse('PICKUP_NOT_READY', jsonb_build_object('readyAt', iso_text(given.ready_at)));
  END IF;
  IF given.state <> 'ready' THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  UPDATE redemption SET state = 'done', finished_at = now_at, store_id = own.store_id, staff_id = own.member_id,
      visit_id = here.visit_id WHERE member_id = member AND redemption_id = given.redemption_id;
  IF given.given_id IS NOT NULL THEN
    follow := gift_follow(jsonb_build_object('memberId', member, 'givenId', given.given_id, 'at', call->'at'));
  END IF;
  PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.handOver', 'subject', given.redemption_id));
  RETURN request_end(call->'request', jsonb_build_object('done', jsonb_build_object('title', given.title,
    'art', (SELECT art FROM reward WHERE reward_id = given.reward_id), 'pieceNo', given.piece_no, 'pickedUpAt', call->'at')
      || CASE WHEN follow IS NULL THEN '{}' ELSE jsonb_build_object('followUp', follow - 'couponId') END));
END $$;

-- A member takes an exchange back. {request, memberId, redemptionId, at, graceUntil}
-- → {redemption, returned, grace, expired}; refuses NOT_FOUND, REDEMPTION_DONE, BUSY.
CREATE OR REPLACE FUNCTION mall_cancel(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  known jsonb := request_begin(call->'request');
  held redemption;
  back jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = id AND origin = 'mall' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "redemption"}'); END IF;
  IF held.state NOT IN ('placed', 'ready') THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  back := mall_undo(held, call || '{"cancelReason": "member"}');
  RETURN request_end(call->'request', back || jsonb_build_object('redemption', mall_shown(member, id)));
END $$;

-- What nobody picked up in time. Points come back; run again, it finds nothing. {memberId, redemptionId, at, graceUntil} → {cancelled}
CREATE OR REPLACE FUNCTION mall_cancel_overdue(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held redemption;
BEGIN
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = (call->>'redemptionId')::uuid
    AND state = 'ready' AND pickup_by < (call->>'at')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"cancelled": false}'; END IF;
  PERFORM mall_undo(held, call || '{"cancelReason": "overdue"}');
  RETURN '{"cancelled": true}';
END $$;

-- Cancels a redemption that is held: points to their lots, the share of the limit, rights and the piece back, a kept piece to its
-- reserve.
-- → {returned, grace, expired}
CREATE OR REPLACE FUNCTION mall_undo(held redemption, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back_points jsonb := '{"returned": 0, "grace": 0, "expired": 0}';
BEGIN
  IF held.points > 0 THEN
    back_points := ledger_return_spend(jsonb_build_object('memberId', held.member_id, 'at', call->'at', 'kind', 'redemption',
      'sourceId', held.redemption_id, 'graceUntil', call->'graceUntil', 'reason', 'exchange_returned',
      'detail', jsonb_build_object('title', held.title)));
    -- points of a gift or a reward that a merge took back stay with the programme
    PERFORM gift_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
    PERFORM referral_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
  END IF;
  UPDATE redemption SET state = 'cancelled', cancel_reason = call->>'cancelReason', finished_at = (call->>'at')::timestamptz,
      back = CASE held.origin WHEN 'mall' THEN back_points - 'available' END WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF held.right_id IS NOT NULL THEN PERFORM right_give_back(held.member_id, held.right_id, held.right_period); END IF;
  IF held.origin = 'mall' THEN
    UPDATE reward_quota SET taken = greatest(0, taken - 1) WHERE member_id = held.member_id AND reward_id = held.reward_id;
  END IF;
  -- before the stock, as for who takes one
  IF held.reserve_right_id IS NOT NULL THEN
    UPDATE right_reserve SET pieces_left = pieces_left + 1 WHERE right_id = held.reserve_right_id AND reward_id = held.reward_id;
    PERFORM right_give_back(held.member_id, held.reserve_right_id, held.reserve_period);
  END IF;
  IF held.piece_no IS NOT NULL THEN
    UPDATE reward_piece SET member_id = NULL, redemption_id = NULL
      WHERE reward_id = held.reward_id AND piece_no = held.piece_no AND redemption_id = held.redemption_id;
  ELSIF held.slot IS NOT NULL THEN
    UPDATE reward_stock SET remaining = remaining + 1 WHERE reward_id = held.reward_id AND slot = held.slot;
  END IF;
  RETURN back_points - 'available';
END $$;

-- The pick-ups of a gift that was opened; asked again, the same ones. {memberId, givenId, giftId, at} → [{redemptionId, title, pickupBy}]
CREATE OR REPLACE FUNCTION mall_place_gift(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  wish record;
  item reward;
BEGIN
  FOR wish IN SELECT value, ordinality AS n FROM gift, jsonb_array_elements(pickups) WITH ORDINALITY
      WHERE gift_id = call->>'giftId' ORDER BY value->>'rewardId', ordinality LOOP
    SELECT * INTO item FROM reward WHERE reward_id = wish.value->>'rewardId';
    IF FOUND AND ledger_claim(call || jsonb_build_object('kind', 'gift', 'sourceId', call->'givenId'), 'pickup:' || wish.n) THEN
      PERFORM mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', uuid_v7((call->>'at')::timestamptz),
        'at', call->'at', 'origin', 'gift', 'givenId', call->'givenId', 'points', 0, 'days', wish.value->'days'));
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('redemptionId', redemption_id, 'title', title, 'pickupBy', iso_text(pickup_by))
      ORDER BY redemption_id), '[]') FROM redemption WHERE member_id = member AND given_id = (call->>'givenId')::uuid);
END $$;

-- Codes of what is over, after a day in which they still say so. {before} → {forgotten}
CREATE OR REPLACE FUNCTION mall_forget_codes(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM pickup_code c USING redemption r
    WHERE r.member_id = c.member_id AND r.redemption_id = c.redemption_id
      AND r.finished_at < (call->>'before')::timestamptz RETURNING 1)
  SELECT jsonb_build_object('forgotten', count(*)) FROM gone
$$;
