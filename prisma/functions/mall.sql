-- The exchange of the points mall. Protects: I-M1 (a slot, a piece or a code is taken by the write that decides, CHECKs and
-- keys behind it), I-M2 (points and redemption in one statement), I-R1 (who comes early uses a right, and so does who takes what is kept), I-L5 (request, effect).
-- The rules are those of shared/src/mall.ts; a test asks both.

-- Exchanges points for a reward. {request, memberId, redemptionId, rewardId, points, at} → {redemption, pointsAfter}
-- Refuses NOT_FOUND, REWARD_CHANGED, REWARD_OVER, REWARD_NOT_OPEN, RIGHT_USED_UP, TIER_NEEDED, REWARD_LIMIT,
-- REWARD_GONE, IN_DEBT, POINTS_SHORT, BUSY.
CREATE OR REPLACE FUNCTION mall_exchange(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  item reward;
  used_right jsonb;
  spent jsonb;
  placed redemption;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO item FROM reward WHERE reward_id = call->>'rewardId' AND listed;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "reward"}'); END IF;
  used_right := mall_let_in(member, item, call);
  spent := ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'redemption',
    'sourceId', call->'redemptionId', 'points', item.points, 'reason', 'exchange',
    'detail', jsonb_build_object('title', item.title)));
  placed := mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', call->'redemptionId', 'at', call->'at',
    'origin', 'mall', 'points', item.points) || used_right);
  RETURN request_end(call->'request', jsonb_build_object(
    'redemption', mall_row(placed, item), 'pointsAfter', spent->'available'));
END $$;

-- Whether this member may have this reward now, and takes their share of the limit. The member is held.
-- → {rightId, rightPeriod} of the right that was used to come early, else {}
CREATE OR REPLACE FUNCTION mall_let_in(member uuid, item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  used_right jsonb := '{}';
BEGIN
  IF item.points <> (call->>'points')::int THEN
    PERFORM refuse('REWARD_CHANGED', jsonb_build_object('points', item.points));
  END IF;
  IF item.ends_at <= now_at THEN PERFORM refuse('REWARD_OVER'); END IF;
  IF item.public_at > now_at THEN used_right := mall_come_early(member, item, now_at); END IF;
  IF (SELECT tier FROM standing WHERE member_id = member) < item.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', item.tier_gate));
  END IF;
  INSERT INTO reward_quota (member_id, reward_id, taken) VALUES (member, item.reward_id, 1)
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + 1
      WHERE item.per_person_limit IS NULL OR reward_quota.taken < item.per_person_limit;
  IF NOT FOUND THEN PERFORM refuse('REWARD_LIMIT', jsonb_build_object('limit', item.per_person_limit)); END IF;
  -- saves the way to the last slot when everything is gone; the slot itself decides
  IF NOT mall_any_left(item) OR mall_only_kept(item, member, now_at) THEN PERFORM refuse('REWARD_GONE'); END IF;
  RETURN used_right;
END $$;

-- Uses a right of early access once: one without limit first, then the one that reaches least far. → {rightId, rightPeriod}
-- Refuses REWARD_NOT_OPEN, or RIGHT_USED_UP when only rights that are used up would open it by now.
CREATE OR REPLACE FUNCTION mall_come_early(member uuid, item reward, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own record;
  counted text;
  opens_at timestamptz;
  some_left boolean;
  spent boolean;
  back_at timestamptz;
BEGIN
  IF item.early_hours IS NULL THEN
    PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(item.public_at)));
  END IF;
  FOR own IN SELECT * FROM right_of_kind(member, 'early_access', now_at)
      WHERE item.public_at - make_interval(hours => least(hours, item.early_hours)) <= now_at
      ORDER BY limited, hours, place, right_id LOOP
    counted := right_use(member, own.right_id, now_at);
    IF counted IS NOT NULL THEN RETURN jsonb_build_object('rightId', own.right_id, 'rightPeriod', counted); END IF;
  END LOOP;
  SELECT min(usable) FILTER (WHERE in_time), bool_or(in_time AND NOT used_up), bool_or(used_up AND opens <= now_at),
      min(h.back_at) FILTER (WHERE used_up AND opens <= now_at)
    INTO opens_at, some_left, spent, back_at
    FROM (SELECT held.*, usable < item.public_at AND (ends_at IS NULL OR usable < ends_at) AS in_time FROM (
      SELECT r.*, public_from.opens, CASE WHEN NOT r.used_up THEN opens WHEN r.back_at IS NOT NULL THEN greatest(opens, r.back_at) END AS usable
        FROM right_of_kind(member, 'early_access', now_at) r,
          LATERAL (SELECT item.public_at - make_interval(hours => least(r.hours, item.early_hours)) AS opens) public_from) held) h;
  IF spent AND NOT some_left THEN PERFORM refuse('RIGHT_USED_UP', jsonb_build_object('backAt', iso_text(back_at))); END IF;
  PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(coalesce(opens_at, item.public_at))));
END $$;

CREATE OR REPLACE FUNCTION mall_any_left(item reward) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.kind = 'partner_code' THEN
    RETURN EXISTS (SELECT 1 FROM reward_code WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  IF item.stock_total IS NULL THEN RETURN true; END IF;
  IF item.numbered THEN
    RETURN EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = item.reward_id AND remaining > 0);
END $$;

-- Writes a redemption. What many want at once, coupon template and stock, is taken last and held shortest.
-- {memberId, redemptionId, at, origin, points, givenId, days, rightId, rightPeriod}
CREATE OR REPLACE FUNCTION mall_place(item reward, call jsonb) RETURNS redemption
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  ready_at timestamptz := now_at + make_interval(hours => item.prepare_hours);
  pickup_by timestamptz := mall_pickup_by(ready_at, coalesce((call->>'days')::int, item.pickup_days));
  at_once boolean := item.kind IN ('coupon', 'partner_code');
  coupon jsonb;
  gone text := CASE call->>'origin' WHEN 'gift' THEN 'GIFT_GONE' ELSE 'REWARD_GONE' END;
  kept jsonb;
  slot int;
  piece int;
  placed redemption;
BEGIN
  IF at_once THEN
    ready_at := now_at;
    IF item.kind = 'coupon' THEN
      coupon := mall_grant(item, call);
      pickup_by := (coupon->>'expiresAt')::timestamptz;
    END IF;
  ELSIF item.prepare_hours = 0 THEN
    PERFORM mall_draw_code(member, id);
  END IF;
  kept := mall_from_reserve(item, member, call->>'origin' = 'mall', gone, now_at);
  IF item.kind = 'partner_code' THEN PERFORM mall_take_code(item.reward_id, member, id, gone);
  ELSIF item.numbered THEN piece := mall_take_piece(item.reward_id, member, id, gone);
  ELSIF item.stock_total IS NOT NULL THEN slot := mall_take_slot(item.reward_id, gone);
  END IF;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, given_id, title, points, state, piece_no, slot, coupon_id,
      right_id, right_period, reserve_right_id, reserve_period, placed_at, ready_at, pickup_by, finished_at)
    VALUES (member, id, item.reward_id, call->>'origin', (call->>'givenId')::uuid, item.title, (call->>'points')::int,
      CASE WHEN at_once THEN 'done' WHEN item.prepare_hours = 0 THEN 'ready' ELSE 'placed' END, piece, slot,
      (coupon->>'couponId')::uuid, call->>'rightId', call->>'rightPeriod', kept->>'rightId', kept->>'rightPeriod', now_at, ready_at, pickup_by,
      CASE WHEN at_once THEN now_at END) RETURNING * INTO placed;
  RETURN placed;
END $$;

-- The coupon that a reward is. Its template's own limits are the reward's, too.
CREATE OR REPLACE FUNCTION mall_grant(item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  coupon jsonb := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', item.coupon_template_id,
    'at', call->'at', 'kind', 'redemption', 'sourceId', call->'redemptionId'));
BEGIN
  CASE coupon->>'refused'
    WHEN 'COUPON_LIMIT' THEN PERFORM refuse('REWARD_LIMIT', coupon->'detail');
    WHEN 'COUPON_GONE' THEN PERFORM refuse('REWARD_GONE');
    ELSE IF coupon ? 'refused' THEN PERFORM refuse('REWARD_OVER'); END IF;
  END CASE;
  RETURN coupon;
END $$;

-- Until somebody who holds one of the last has gone on. Asking again, never waiting for a row: one that was emptied in the
-- meantime stays locked by whoever looked at it, and two who wait could each hold what the other waits for. Whoever holds it for
-- seconds may be gone without the database's knowledge: asking for ever would use up the connections. Refuses BUSY then.
CREATE OR REPLACE FUNCTION mall_pause(since timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF clock_timestamp() > since + interval '5 seconds' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM pg_sleep(0.001 + random() * 0.003);
END $$;

-- Takes one of a slot that nobody holds, starting anywhere; asks again while all are held. Refuses what `gone` says.
CREATE OR REPLACE FUNCTION mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  start int := floor(random() * 64);
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
      ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = which AND remaining > 0) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = taken;
  RETURN taken;
END $$;

-- Takes the lowest piece that nobody holds, in the same way.
CREATE OR REPLACE FUNCTION mall_take_piece(which text, member uuid, id uuid, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT piece_no INTO taken FROM reward_piece WHERE reward_id = which AND member_id IS NULL
      ORDER BY piece_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_piece SET member_id = member, redemption_id = id WHERE reward_id = which AND piece_no = taken;
  RETURN taken;
END $$;

-- Takes a code of the partner that nobody has, in the same way; sealed it stays.
CREATE OR REPLACE FUNCTION mall_take_code(which text, member uuid, id uuid, gone text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT code_no INTO taken FROM reward_code WHERE reward_id = which AND member_id IS NULL
      ORDER BY code_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_code WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_code SET member_id = member, redemption_id = id WHERE reward_id = which AND code_no = taken;
END $$;

-- The last millisecond of the business day, `days` after the one it is ready on.
CREATE OR REPLACE FUNCTION mall_pickup_by(ready_at timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', ready_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond'
$$;

-- A redemption as its owner sees it; the code of the counter only while it can be picked up, that of a partner sealed.
CREATE OR REPLACE FUNCTION mall_row(r redemption, item reward) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  store_name text;
  pickup_code text;
  partner_code text;
  right_title text;
BEGIN
  IF r.store_id IS NOT NULL THEN store_name := (SELECT name FROM store WHERE store_id = r.store_id); END IF;
  IF r.state = 'ready' THEN
    pickup_code := (SELECT code FROM pickup_code c WHERE c.member_id = r.member_id AND c.redemption_id = r.redemption_id);
  END IF;
  IF item.kind = 'partner_code' THEN
    partner_code := (SELECT encode(sealed, 'base64') FROM reward_code c WHERE c.redemption_id = r.redemption_id AND c.member_id = r.member_id);
  END IF;
  IF r.right_id IS NOT NULL THEN right_title := (SELECT title FROM member_right WHERE right_id = r.right_id); END IF;
  RETURN jsonb_build_object('redemptionId', r.redemption_id, 'rewardId', r.reward_id, 'title', r.title, 'art', item.art,
    'kind', item.kind, 'origin', r.origin, 'points', r.points, 'state', r.state, 'cancelReason', r.cancel_reason,
    'pieceNo', r.piece_no, 'stockTotal', item.stock_total, 'placedAt', iso_text(r.placed_at), 'readyAt', iso_text(r.ready_at),
    'pickupBy', iso_text(r.pickup_by), 'finishedAt', iso_text(r.finished_at), 'couponId', r.coupon_id,
    'storeName', store_name, 'pickupCode', pickup_code, 'partnerSealed', partner_code, 'rightTitle', right_title, 'back', r.back);
END $$;

CREATE OR REPLACE FUNCTION mall_shown(owner uuid, id uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT mall_row(r, item) FROM redemption r JOIN reward item USING (reward_id) WHERE r.member_id = owner AND r.redemption_id = id
$$;

-- One redemption of a member, or NULL. {memberId, redemptionId}
CREATE OR REPLACE FUNCTION mall_redemption(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$ SELECT mall_shown((call->>'memberId')::uuid, (call->>'redemptionId')::uuid) $$;

-- A member's redemptions, newest first. {memberId, before, limit} → [redemption]
CREATE OR REPLACE FUNCTION mall_redemptions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(mall_row(page, item) ORDER BY page.redemption_id DESC), '[]') FROM (
    SELECT * FROM redemption WHERE member_id = (call->>'memberId')::uuid
        AND (call->>'before' IS NULL OR redemption_id < (call->>'before')::uuid)
      ORDER BY redemption_id DESC LIMIT (call->>'limit')::int) page JOIN reward item USING (reward_id)
$$;
