-- The mall's part when two records become one person, and two again. Protects I-M1 (a piece, a code and a share of stock stay with
-- their redemption, whoever has it), I-G1 and I-ID4.

-- Redemptions, codes, pieces, shares of limits and favourites go along; an excess leaves nothing more to take. What is left of a
-- gift that turned out to be a person's second one is cancelled. The journal: which redemptions came, which of them were open, what
-- both had of limits and favourites before, and in which state the cancelled pick-ups were. {from, to, at} → {moved: {redemptions:
-- [id], open: [id], quotas: {reward: [theirs, ours]}, favourites: {reward: [theirs, ours]}, pickups: {id: state}}, came, reversed}
CREATE OR REPLACE FUNCTION mall_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  ids uuid[];
  waiting jsonb;
  standing int;
  quotas jsonb := mall_merge_quotas(call);
  kept jsonb := mall_merge_favourites(src, dst);
  second redemption;
  pickups jsonb := '{}';
  moved jsonb;
BEGIN
  WITH went AS (UPDATE redemption SET member_id = dst WHERE member_id = src RETURNING redemption_id, state)
  SELECT array_agg(redemption_id), jsonb_agg(redemption_id) FILTER (WHERE state IN ('placed', 'ready')),
      count(*) FILTER (WHERE state <> 'cancelled') INTO ids, waiting, standing FROM went;
  IF ids IS NOT NULL THEN PERFORM mall_hand_on(ids, src, dst); END IF;
  FOR second IN SELECT r.* FROM redemption r JOIN gift_given g USING (member_id, given_id)
      WHERE r.member_id = dst AND r.state IN ('placed', 'ready') AND g.state = 'superseded' ORDER BY r.reward_id, r.slot LOOP
    pickups := pickups || jsonb_build_object(second.redemption_id::text, second.state);
    PERFORM mall_undo(second, call || '{"cancelReason": "gift_superseded"}');
  END LOOP;
  moved := jsonb_strip_nulls(jsonb_build_object('redemptions', to_jsonb(ids), 'open', waiting, 'quotas', quotas->'before',
    'favourites', kept, 'pickups', nullif(pickups, '{}')));
  IF moved = '{}' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', moved, 'reversed', coalesce(quotas->'excess', '[]'),
    'came', CASE WHEN standing > 0 THEN jsonb_build_object('redemptions', standing) ELSE '{}' END
      || CASE WHEN kept IS NULL THEN '{}' ELSE jsonb_build_object('favourites', (SELECT count(*) FROM jsonb_object_keys(kept))) END);
END $$;

-- What belongs to redemptions that have just changed hands: their codes at the counter, pieces, codes of partners.
CREATE OR REPLACE FUNCTION mall_hand_on(ids uuid[], src uuid, dst uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pickup_code SET member_id = dst WHERE member_id = src AND redemption_id = ANY (ids);
  UPDATE reward_piece p SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND r.redemption_id = ANY (ids) AND p.reward_id = r.reward_id AND p.piece_no = r.piece_no
      AND p.redemption_id = r.redemption_id;
  UPDATE reward_code c SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND r.redemption_id = ANY (ids) AND c.reward_id = r.reward_id AND c.redemption_id = r.redemption_id;
END $$;

-- Shares of limits add up. → {before: {reward: [theirs, ours]}, excess}
CREATE OR REPLACE FUNCTION mall_merge_quotas(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH theirs AS (DELETE FROM reward_quota WHERE member_id = (call->>'from')::uuid RETURNING reward_id, taken),
    summed AS (INSERT INTO reward_quota AS held (member_id, reward_id, taken) SELECT (call->>'to')::uuid, reward_id, taken FROM theirs
      ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = held.taken + excluded.taken RETURNING reward_id, taken)
  SELECT jsonb_strip_nulls(jsonb_build_object('before', jsonb_object_agg(r.reward_id, jsonb_build_array(theirs.taken, ours.taken)),
      'excess', jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'reward', 'title', r.title, 'has', summed.taken,
        'limit', r.per_person_limit) ORDER BY r.title, r.reward_id) FILTER (WHERE theirs.taken > 0 AND r.listed
          AND summed.taken > r.per_person_limit AND coalesce(r.ends_at > (call->>'at')::timestamptz, true))))
    FROM theirs JOIN summed USING (reward_id) JOIN reward r USING (reward_id)
      LEFT JOIN reward_quota ours ON ours.member_id = (call->>'to')::uuid AND ours.reward_id = theirs.reward_id
$$;

-- What either kept an eye on, since the earlier of the two. → {reward: [theirs, ours]}, or NULL
CREATE OR REPLACE FUNCTION mall_merge_favourites(src uuid, dst uuid) RETURNS jsonb
LANGUAGE sql AS $$
  WITH theirs AS (DELETE FROM reward_favourite WHERE member_id = src RETURNING reward_id, at),
    summed AS (INSERT INTO reward_favourite AS own (member_id, reward_id, at) SELECT dst, reward_id, at FROM theirs
      ON CONFLICT (member_id, reward_id) DO UPDATE SET at = least(own.at, excluded.at))
  SELECT jsonb_object_agg(theirs.reward_id, jsonb_build_array(iso_text(theirs.at), iso_text(ours.at)))
    FROM theirs LEFT JOIN reward_favourite ours ON ours.member_id = dst AND ours.reward_id = theirs.reward_id
$$;

-- Redemptions that a record brought go back as they stand by now, with piece, codes, share of the limit; what was exchanged since
-- stays. Pick-ups of a gift that the merge had cancelled are placed again as far as there is one.
-- {from, to, at, mergedAt, moved} → {back, lost}
CREATE OR REPLACE FUNCTION mall_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  ids uuid[] := uuid_list(moved->'redemptions');
  second redemption;
  why text;
  lost jsonb := '[]';
  standing int;
  kept int := mall_unmerge_favourites(call);
BEGIN
  UPDATE redemption SET member_id = dst WHERE member_id = src AND redemption_id = ANY (ids);
  PERFORM mall_hand_on(ids, src, dst);
  PERFORM mall_unmerge_quotas(call);
  FOR second IN SELECT r.* FROM jsonb_object_keys(coalesce(moved->'pickups', '{}')) id
      JOIN redemption r ON r.member_id IN (src, dst) AND r.redemption_id = id::uuid
      WHERE r.state = 'cancelled' AND r.cancel_reason = 'gift_superseded' ORDER BY r.reward_id, r.slot LOOP
    why := mall_place_again(second, moved->'pickups'->>second.redemption_id::text, call);
    IF why IS NOT NULL THEN
      lost := lost || jsonb_build_array(jsonb_build_object('kind', 'gift_pickup', 'why', why, 'title', second.title));
    END IF;
  END LOOP;
  SELECT count(*) INTO standing FROM redemption WHERE member_id = dst AND redemption_id = ANY (ids) AND state <> 'cancelled';
  RETURN jsonb_build_object('lost', lost, 'back', CASE WHEN standing > 0 THEN jsonb_build_object('redemptions', standing) ELSE '{}' END
    || CASE WHEN kept > 0 THEN jsonb_build_object('favourites', kept) ELSE '{}' END);
END $$;

-- Which of a record's own redemptions were given back since the merge; their shares of limit and right went back with them.
CREATE OR REPLACE FUNCTION mall_given_back(owner uuid, moved jsonb) RETURNS SETOF redemption
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT * FROM redemption r WHERE r.member_id = owner AND r.state = 'cancelled' AND r.origin = 'mall'
    AND r.redemption_id = ANY (uuid_list(moved->'open'));
END $$;

CREATE OR REPLACE FUNCTION mall_unmerge_quotas(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  before jsonb := call->'moved'->'quotas';
BEGIN
  INSERT INTO reward_quota (member_id, reward_id, taken)
    SELECT dst, key, greatest((value->>0)::int - (SELECT count(*) FROM mall_given_back(dst, call->'moved') WHERE reward_id = key), 0)
    FROM jsonb_each(before);
  UPDATE reward_quota held SET taken = greatest(held.taken - own.taken, 0) FROM reward_quota own
    WHERE held.member_id = src AND own.member_id = dst AND own.reward_id = held.reward_id AND before ? held.reward_id;
  DELETE FROM reward_quota held USING jsonb_each(before)
    WHERE held.member_id = src AND held.reward_id = key AND held.taken = 0 AND value->>1 IS NULL;
END $$;

-- Each keeps an eye again on what was theirs; what the survivor did about one since is the survivor's wish. → how many
CREATE OR REPLACE FUNCTION mall_unmerge_favourites(call jsonb) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  before jsonb := call->'moved'->'favourites';
  n int;
BEGIN
  INSERT INTO reward_favourite (member_id, reward_id, at)
    SELECT (call->>'to')::uuid, key, (value->>0)::timestamptz FROM jsonb_each(before);
  GET DIAGNOSTICS n = ROW_COUNT;
  DELETE FROM reward_favourite own USING jsonb_each(before)
    WHERE own.member_id = src AND own.reward_id = key AND own.at = (value->>0)::timestamptz AND value->>1 IS NULL;
  UPDATE reward_favourite own SET at = (value->>1)::timestamptz FROM jsonb_each(before)
    WHERE own.member_id = src AND own.reward_id = key AND own.at = least((value->>0)::timestamptz, (value->>1)::timestamptz)
      AND value->>1 IS NOT NULL;
  RETURN n;
END $$;

-- Places a cancelled pick-up again as it was: the same piece or slot if it is free, else another. → why not, or NULL: 'gone' |
-- 'expired' (its last day has passed since the merge)
CREATE OR REPLACE FUNCTION mall_place_again(held redemption, was text, call jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  piece int := held.piece_no;
  place int := held.slot;
BEGIN
  IF held.pickup_by < (call->>'at')::timestamptz AND held.pickup_by >= (call->>'mergedAt')::timestamptz THEN RETURN 'expired'; END IF;
  BEGIN
    PERFORM mall_from_reserve(r, held.member_id, false, 'GIFT_GONE', (call->>'at')::timestamptz) FROM reward r WHERE r.reward_id = held.reward_id;
    IF piece IS NOT NULL THEN
      UPDATE reward_piece SET member_id = held.member_id, redemption_id = held.redemption_id
        WHERE reward_id = held.reward_id AND piece_no = piece AND member_id IS NULL;
      IF NOT FOUND THEN piece := mall_take_piece(held.reward_id, held.member_id, held.redemption_id, 'GIFT_GONE'); END IF;
    ELSIF place IS NOT NULL THEN
      UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = held.reward_id AND slot = place AND remaining > 0;
      IF NOT FOUND THEN place := mall_take_slot(held.reward_id, 'GIFT_GONE'); END IF;
    END IF;
  EXCEPTION WHEN SQLSTATE 'HY001' THEN
    IF SQLERRM <> 'GIFT_GONE' THEN RAISE; END IF;
    RETURN 'gone';
  END;
  UPDATE redemption SET state = was, cancel_reason = NULL, finished_at = NULL, piece_no = piece, slot = place
    WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF was = 'ready' AND NOT EXISTS (SELECT 1 FROM pickup_code c
      WHERE c.member_id = held.member_id AND c.redemption_id = held.redemption_id) THEN
    PERFORM mall_draw_code(held.member_id, held.redemption_id);
  END IF;
  RETURN NULL;
END $$;
