-- Purchases, their lines and returns and what was kept aside for them go with their record, and back with it.

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  orders jsonb;
  holds jsonb;
BEGIN
  WITH moving AS (UPDATE purchase SET member_id = dst WHERE member_id = src RETURNING order_id)
  SELECT jsonb_agg(order_id) INTO orders FROM moving;
  IF orders IS NOT NULL THEN
    UPDATE purchase_return SET member_id = dst WHERE member_id = src;
    UPDATE purchase_line SET member_id = dst WHERE member_id = src;
  END IF;
  WITH moving AS (UPDATE order_hold SET member_id = dst WHERE member_id = src RETURNING hold_id)
  SELECT jsonb_agg(hold_id) INTO holds FROM moving;
  RETURN CASE WHEN orders IS NULL AND holds IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('orders', orders, 'holds', holds))) END
    || CASE WHEN orders IS NULL THEN '{}' ELSE jsonb_build_object('came', jsonb_build_object('orders', jsonb_array_length(orders))) END;
END $$;

-- A purchase goes back with all that has come back of it since. What was kept aside before the merge and paid after it is a
-- purchase of the survivor's, and stays with that. {from, to, moved}
CREATE OR REPLACE FUNCTION order_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  orders uuid[] := uuid_list(call->'moved'->'orders');
  went int;
BEGIN
  UPDATE purchase SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  GET DIAGNOSTICS went = ROW_COUNT;
  UPDATE purchase_return SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  UPDATE purchase_line SET member_id = dst WHERE member_id = src AND order_id = ANY (orders);
  UPDATE order_hold h SET member_id = dst WHERE h.member_id = src AND h.hold_id = ANY (uuid_list(call->'moved'->'holds'))
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.hold_id = h.hold_id);
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('orders', went)) ELSE '{}' END;
END $$;

-- Holds that were laid since the merge, or on a record's coupons since, and ran out: they are given up, as the next verb at a till
-- would do. Called for the coupons' step, with its journal.
CREATE OR REPLACE FUNCTION order_release_since(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  over order_hold;
  brought uuid[] := (SELECT uuid_list(moved->'holds') FROM merge_step
    WHERE member_id = (call->>'from')::uuid AND merge_id = (call->>'mergeId')::uuid AND step = 'order_merge');
BEGIN
  FOR over IN SELECT * FROM order_hold WHERE member_id = (call->>'from')::uuid AND state = 'live'
      AND hold_id <> ALL (coalesce(brought, '{}')) AND (held_at > (call->>'mergedAt')::timestamptz
        OR EXISTS (SELECT 1 FROM unnest(coupon_ids) own WHERE call->'moved'->'coupons' ? own::text
          AND call->'moved'->'bound'->>own::text IS DISTINCT FROM hold_id::text)) ORDER BY hold_id LOOP
    PERFORM order_give_up(over, (call->>'at')::timestamptz);
  END LOOP;
END $$;

-- A hold of the separated record that was paid since the merge: the purchase stays with the survivor, and what its points come back to.
CREATE OR REPLACE FUNCTION order_stays(call jsonb, use lot_use) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT use.effect_kind = 'order_hold' AND EXISTS (SELECT 1 FROM order_hold h
    WHERE h.member_id = (call->>'from')::uuid AND h.hold_id::text = use.effect_source AND h.state = 'settled')
$$;
