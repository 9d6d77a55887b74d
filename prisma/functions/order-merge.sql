-- Purchases, their returns and what was kept aside for them go with their record, and back with it.

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
  IF orders IS NOT NULL THEN UPDATE purchase_return SET member_id = dst WHERE member_id = src; END IF;
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
  UPDATE order_hold h SET member_id = dst WHERE h.member_id = src AND h.hold_id = ANY (uuid_list(call->'moved'->'holds'))
    AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.member_id = src AND p.hold_id = h.hold_id);
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('orders', went)) ELSE '{}' END;
END $$;
