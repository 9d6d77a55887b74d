-- Gifts of two records that turn out to be one person: of what is given once, the later one is superseded (I-G1). Of it, unused
-- coupons, rights and unspent points go, what was used stays recorded; its pick-ups are the mall's, which comes later in a merge.

-- {from, to, at} → {moved: {gifts: [id], superseded: [{givenId, held}]}, came, reversed}
CREATE OR REPLACE FUNCTION gift_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  second gift_given;
  seconds uuid[];
  gifts jsonb;
  opened int;
  gone jsonb;
  journal jsonb := '[]';
  said jsonb := '[]';
BEGIN
  -- ids are drawn by their time, so that they put two gifts of one instant in order
  seconds := ARRAY(SELECT given_id FROM (SELECT given_id, row_number() OVER (PARTITION BY kind, occasion,
        CASE kind WHEN 'trial_pack' THEN gift_id END ORDER BY given_at, given_id) AS nth
      FROM gift_given WHERE member_id IN (src, dst) AND state = 'given') once WHERE nth > 1 ORDER BY given_id);
  UPDATE gift_given SET state = 'superseded' WHERE member_id IN (src, dst) AND given_id = ANY (seconds);
  WITH went AS (UPDATE gift_given SET member_id = dst WHERE member_id = src RETURNING given_id, state)
  SELECT jsonb_agg(given_id), count(*) FILTER (WHERE state = 'given' OR given_id = ANY (seconds)) INTO gifts, opened FROM went;
  FOR second IN SELECT * FROM gift_given WHERE member_id = dst AND given_id = ANY (seconds) ORDER BY given_id LOOP
    gone := gift_supersede(call, second);
    journal := journal || jsonb_build_array(gone->'journal');
    said := said || jsonb_build_array(gone->'said');
  END LOOP;
  IF gifts IS NULL AND said = '[]' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('gifts', gifts, 'superseded', nullif(journal, '[]'))),
    'came', CASE WHEN opened > 0 THEN jsonb_build_object('gifts', opened) ELSE '{}' END, 'reversed', said);
END $$;

-- Takes back what a superseded gift still holds; its coupons and rights are the survivor's by now. → {journal, said}
CREATE OR REPLACE FUNCTION gift_supersede(call jsonb, own gift_given) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  usable int;
  held jsonb;
  waiting int;
BEGIN
  SELECT count(*) FILTER (WHERE expires_at >= now_at),
      jsonb_object_agg(coupon_id, jsonb_build_array(hold_id, iso_text(held_until))) FILTER (WHERE state = 'held')
    INTO usable, held FROM coupon WHERE member_id = own.member_id AND effect_kind = 'gift' AND effect_source = own.given_id::text
      AND (state = 'granted' OR (state = 'held' AND held_until <= now_at));
  SELECT count(*) INTO waiting FROM redemption WHERE member_id IN ((call->>'from')::uuid, own.member_id)
    AND given_id = own.given_id AND state IN ('placed', 'ready');
  PERFORM coupon_void_of(jsonb_build_object('memberId', own.member_id, 'kind', 'gift', 'sourceId', own.given_id, 'at', call->'at',
    'reason', 'gift_superseded'));
  PERFORM right_grant_void(jsonb_build_object('memberId', own.member_id, 'kind', 'gift', 'sourceId', own.given_id, 'at', call->'at'));
  RETURN jsonb_build_object('journal', jsonb_strip_nulls(jsonb_build_object('givenId', own.given_id, 'held', held)),
    'said', jsonb_build_object('kind', 'gift_superseded', 'title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id),
      'coupons', usable, 'points', gift_take_one(own, call), 'pickups', waiting));
END $$;

-- Takes back what superseded gifts' points have come to hold: at the merge, and when an exchange they paid for is undone
-- later. {memberId, at}
CREATE OR REPLACE FUNCTION gift_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gift_take_one(given, call) FROM gift_given given WHERE given.member_id = (call->>'memberId')::uuid AND given.state = 'superseded';
END $$;

-- → how many points of one gift were taken back
CREATE OR REPLACE FUNCTION gift_take_one(own gift_given, call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
  IF own.lot_id IS NULL THEN RETURN 0; END IF;
  RETURN (ledger_take_lot(jsonb_build_object('memberId', own.member_id, 'at', call->'at', 'kind', 'gift', 'sourceId', own.given_id,
    'originLotId', own.lot_id, 'reason', 'gift_returned',
    'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = own.gift_id))))->>'taken')::int;
END $$;
