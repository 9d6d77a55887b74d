-- Gifts of two records that become two people again. I-G1 is then each person's own: what was a second gift of one is a first.

-- What each had opened goes back to each; the gifts that the merge superseded stand again, with their coupons and rights, as many of
-- their points as were taken back for them, and the pick-ups that the mall, which comes before, could place again. {from, to, at,
-- mergedAt, graceDays, moved} → {back, restored, lost}
CREATE OR REPLACE FUNCTION gift_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  -- a merge of before there were several kinds noted one
  seconds jsonb := CASE jsonb_typeof(moved->'superseded') WHEN 'object' THEN jsonb_build_array(moved->'superseded')
    ELSE coalesce(moved->'superseded', '[]') END;
  own record;
  again jsonb;
  back int;
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src AND given_id = ANY (uuid_list(moved->'gifts'))
      RETURNING given_id, state)
  SELECT count(*) FILTER (WHERE state = 'given' OR EXISTS (SELECT 1 FROM jsonb_array_elements(seconds) one
    WHERE one->>'givenId' = given_id::text)) INTO back FROM went;
  FOR own IN SELECT g AS given, one->'held' AS held FROM jsonb_array_elements(seconds) one
      JOIN gift_given g ON g.member_id IN (src, dst) AND g.given_id = (one->>'givenId')::uuid
      WHERE g.state = 'superseded' ORDER BY g.given_id LOOP
    again := gift_stand_again(own.given, own.held, call);
    restored := restored || jsonb_build_array(again->'restored');
    lost := lost || (again->'lost');
  END LOOP;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('gifts', back) ELSE '{}' END,
    'restored', restored, 'lost', lost);
END $$;

-- Coupons, rights and points are still the survivor's here. → {restored, lost}
CREATE OR REPLACE FUNCTION gift_stand_again(own gift_given, held jsonb, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  source jsonb := call || jsonb_build_object('memberId', call->>'from', 'kind', 'gift', 'sourceId', own.given_id);
  coupons jsonb;
BEGIN
  UPDATE gift_given SET state = 'given' WHERE member_id = own.member_id AND given_id = own.given_id;
  coupons := coupon_restore_of(source || jsonb_build_object('reason', 'gift_superseded', 'held', held));
  PERFORM right_grant_restore(source);
  RETURN jsonb_build_object(
    'restored', jsonb_build_object('kind', 'gift_superseded', 'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id),
      'coupons', coupons->'restored', 'points', gift_give_points(own, call), 'pickups', (SELECT count(*) FROM redemption r
        WHERE r.member_id = own.member_id AND r.given_id = own.given_id AND r.state IN ('placed', 'ready'))),
    'lost', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'gift_coupon', 'why', 'expired', 'title', value)), '[]')
      FROM jsonb_array_elements(coupons->'ended')));
END $$;

-- Gives the points of a gift that stands again back into their lot, which the survivor still has: all that was taken back for
-- it at the merge and since, also while the survivor itself was merged into another. → how many
CREATE OR REPLACE FUNCTION gift_give_points(own gift_given, call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  holders uuid[] := ARRAY(SELECT merge_former(src));
  taken int;
BEGIN
  IF own.lot_id IS NULL THEN RETURN 0; END IF;
  SELECT coalesce(sum(CASE reason WHEN 'gift_returned' THEN amount ELSE -amount END), 0) INTO taken FROM transfer
    WHERE member_id = ANY (holders) AND effect_kind = 'gift' AND effect_source = own.given_id::text
      AND reason IN ('gift_returned', 'gift_restored');
  IF taken <= 0 THEN RETURN 0; END IF;
  RETURN (ledger_give_lot(jsonb_build_object('memberId', src, 'at', call->'at', 'kind', 'gift', 'sourceId', own.given_id,
    'originLotId', own.lot_id, 'points', taken, 'graceDays', call->'graceDays', 'reason', 'gift_restored',
    'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id))))->>'given')::int;
END $$;
