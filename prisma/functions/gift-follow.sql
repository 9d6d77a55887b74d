-- What follows a trial pack: a coupon with the hand-over of its pick-up, and whether that brought somebody back to buy.

-- The part of the effect by which a follow-up is known among a gift's coupons.
CREATE OR REPLACE FUNCTION gift_follows(part text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT part LIKE 'coupon:%:follow' $$;

-- Grants the follow-up of a trial pack that has just been handed over, once. There may be none left of it: what was handed over
-- was handed over all the same. {memberId, givenId, at} → {couponId, title, expiresAt}, or NULL
CREATE OR REPLACE FUNCTION gift_follow(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  template text;
  made jsonb;
BEGIN
  SELECT g.follow_up_template INTO template FROM gift_given o JOIN gift g USING (gift_id)
    WHERE o.member_id = (call->>'memberId')::uuid AND o.given_id = (call->>'givenId')::uuid AND o.state = 'given' AND o.followed_at IS NULL;
  IF template IS NULL THEN RETURN NULL; END IF;
  made := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', template, 'at', call->'at', 'kind', 'gift',
    'sourceId', call->>'givenId', 'part', 'follow'));
  IF made ? 'refused' THEN RETURN NULL; END IF;
  UPDATE gift_given SET followed_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND given_id = (call->>'givenId')::uuid;
  RETURN made;
END $$;

-- An order was paid with follow-ups: so often it was worth while. Whose record the pack lies with by now does not matter. {memberId, orderId, at}
CREATE OR REPLACE FUNCTION gift_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  packs uuid[] := ARRAY(SELECT effect_source::uuid FROM coupon WHERE member_id = (call->>'memberId')::uuid
    AND order_id = (call->>'orderId')::uuid AND state = 'used' AND effect_kind = 'gift' AND gift_follows(effect_part));
BEGIN
  IF cardinality(packs) > 0 THEN
    UPDATE gift_given SET converted_at = (call->>'at')::timestamptz, converted_order_id = (call->>'orderId')::uuid
      WHERE kind = 'trial_pack' AND given_id = ANY (packs);
  END IF;
  RETURN '{}';
END $$;

-- It came back, to the last of it. {orderId, leftFen?}
CREATE OR REPLACE FUNCTION gift_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce((call->>'leftFen')::int, 0) = 0 THEN
    UPDATE gift_given SET converted_at = NULL, converted_order_id = NULL WHERE converted_order_id = (call->>'orderId')::uuid;
  END IF;
  RETURN '{}';
END $$;

-- What became of the trial packs, for who runs the programme. A pack that a merge superseded is no second person's.
-- {at} → [{giftId, title, running, stock, given, pickedUp, followed, converted}]
CREATE OR REPLACE FUNCTION gift_conversions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('giftId', g.gift_id, 'title', g.title, 'running', g.starts_at <= (call->>'at')::timestamptz
        AND (g.ends_at IS NULL OR g.ends_at >= (call->>'at')::timestamptz), 'stock', g.stock, 'given', n.given, 'pickedUp', n.picked_up,
      'followed', n.followed, 'converted', n.converted) ORDER BY g.starts_at DESC, g.gift_id), '[]')
  FROM gift g LEFT JOIN LATERAL (
    SELECT count(*) AS given, count(o.followed_at) AS followed, count(o.converted_at) AS converted,
        count(*) FILTER (WHERE EXISTS (SELECT 1 FROM redemption r WHERE r.member_id = o.member_id AND r.given_id = o.given_id AND r.state = 'done'))
          AS picked_up
      FROM gift_given o WHERE o.kind = 'trial_pack' AND o.gift_id = g.gift_id AND o.state = 'given') n ON true
  WHERE g.kind = 'trial_pack'
$$;
