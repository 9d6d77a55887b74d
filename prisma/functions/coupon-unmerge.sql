-- Coupons of two records that become two people again. Protects I-C1 (no coupon has two owners, none is usable twice) and I-ID4.

-- A record's own coupons go back as they are now; one that the survivor used since stays with the order it was used for and is
-- named. Limits count whom a coupon was granted to, so the counts go back whole. What was granted after the merge stays.
-- {from, to, at, moved} → {back, lost}
CREATE OR REPLACE FUNCTION coupon_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  moved jsonb := call->'moved';
  ids uuid[] := uuid_list(moved->'coupons');
  usable int;
  lost jsonb;
BEGIN
  PERFORM order_release_since(call);
  WITH went AS (UPDATE coupon SET member_id = dst WHERE member_id = src AND coupon_id = ANY (ids)
      AND (state NOT IN ('used', 'held') OR moved->'bound'->>coupon_id::text = coalesce(order_id, hold_id)::text) RETURNING *)
  SELECT count(*) FILTER (WHERE state IN ('granted', 'held') AND expires_at >= now_at) INTO usable FROM went;
  SELECT jsonb_agg(jsonb_build_object('kind', 'coupon_used', 'why', 'used', 'title', t.title) ORDER BY t.title, c.coupon_id) INTO lost
    FROM coupon c JOIN coupon_template t USING (template_id) WHERE c.member_id = src AND c.coupon_id = ANY (ids);

  INSERT INTO coupon_quota (member_id, template_id, granted) SELECT dst, key, (value->>0)::int FROM jsonb_each(moved->'quotas');
  UPDATE coupon_quota held SET granted = greatest(held.granted - (value->>0)::int, 0) FROM jsonb_each(moved->'quotas')
    WHERE held.member_id = src AND held.template_id = key;
  DELETE FROM coupon_quota held USING jsonb_each(moved->'quotas')
    WHERE held.member_id = src AND held.template_id = key AND held.granted = 0 AND value->>1 IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN usable > 0 THEN jsonb_build_object('coupons', usable) ELSE '{}' END,
    'lost', coalesce(lost, '[]'));
END $$;

-- Gives back what coupon_void_of took for this reason: the source stands again. `held` names those that lay at a till beyond
-- their time, whose hold is still to be given up. What has ended since the merge is given back as it would be by now.
-- {memberId, kind, sourceId, at, mergedAt, reason, held: {couponId: [holdId, heldUntil]}} → {restored, ended: [title]}
CREATE OR REPLACE FUNCTION coupon_restore_of(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  answer jsonb;
BEGIN
  PERFORM ledger_claim(call, (SELECT 'coupon_restored:' || count(*) + 1 FROM effect
    WHERE kind = call->>'kind' AND source_id = call->>'sourceId' AND starts_with(part, 'coupon_restored')));
  WITH again AS (UPDATE coupon c SET state = CASE WHEN h.hold_id IS NULL THEN 'granted' ELSE 'held' END, hold_id = h.hold_id,
      held_until = CASE WHEN h.hold_id IS NOT NULL THEN (call->'held'->c.coupon_id::text->>1)::timestamptz END,
      voided_at = NULL, void_reason = NULL
    FROM coupon own LEFT JOIN order_hold h ON h.member_id = own.member_id AND h.state = 'live'
      AND h.hold_id = (call->'held'->own.coupon_id::text->>0)::uuid
    WHERE own.member_id = (call->>'memberId')::uuid AND own.effect_kind = call->>'kind' AND own.effect_source = call->>'sourceId'
      AND own.state = 'voided' AND own.void_reason = call->>'reason' AND c.member_id = own.member_id AND c.coupon_id = own.coupon_id
    RETURNING c.coupon_id, c.template_id, c.expires_at)
  SELECT jsonb_build_object('restored', count(*) FILTER (WHERE expires_at >= now_at), 'ended',
      coalesce(jsonb_agg(t.title ORDER BY t.title, coupon_id)
        FILTER (WHERE expires_at < now_at AND expires_at >= (call->>'mergedAt')::timestamptz), '[]'))
    INTO answer FROM again JOIN coupon_template t USING (template_id);
  RETURN answer;
END $$;
