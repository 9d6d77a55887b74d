-- The tier of two records that become one person, and of each when they are two again.

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer; a higher one when the growth of both
-- reaches it. The survivor is due at the sooner of both; the other one never again. → {moved: {own, other: the standings before,
-- after: the survivor's, growth: [what the survivor had by itself, what came]}}
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src standing;
  dst standing;
  held standing;
  has int;
  came int;
BEGIN
  SELECT * INTO src FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT * INTO dst FROM standing WHERE member_id = (call->>'to')::uuid FOR UPDATE;
  SELECT growth INTO has FROM account WHERE member_id = dst.member_id;
  SELECT coalesce(sum(amount), 0) INTO came FROM transfer WHERE member_id = dst.member_id AND unit = 'growth' AND reason = 'merged_in'
    AND transfer_id >= ledger_id_from((call->>'at')::timestamptz) AND detail->>'mergeId' = call->>'mergeId';
  IF (src.tier, src.valid_until) > (dst.tier, dst.valid_until) THEN
    UPDATE standing SET tier = src.tier, since = src.since, valid_until = src.valid_until, warned_of = src.warned_of
      WHERE member_id = dst.member_id;
  END IF;
  IF src.tier > dst.tier THEN PERFORM tier_note(dst.member_id, dst.tier, src.tier, 'merged', has, (call->>'at')::timestamptz); END IF;
  UPDATE standing SET review_at = least(src.review_at, dst.review_at) WHERE member_id = dst.member_id;
  UPDATE standing SET review_at = tier_never() WHERE member_id = src.member_id;
  PERFORM tier_raise(call || jsonb_build_object('memberId', dst.member_id, 'reason', 'merged', 'growth', has));
  SELECT * INTO held FROM standing WHERE member_id = dst.member_id;
  RETURN jsonb_build_object('moved', jsonb_build_object('own', to_jsonb(dst) - 'member_id', 'other', to_jsonb(src) - 'member_id',
      'after', to_jsonb(held) - 'member_id', 'growth', jsonb_build_array(has - came, came)),
    'came', CASE WHEN held.tier = dst.tier THEN '{}' ELSE jsonb_build_object('tierBefore', dst.tier, 'tierAfter', held.tier) END);
END $$;

-- Each has its own tier again. The survivor keeps what its own growth holds or had reached; what stood only on the growth that left
-- falls, and where nothing has changed since the merge everything is as it was before. Runs when growth and records are two again.
-- {mergeId, from: the survivor, to, at, moved, validUntil, ladder, windowMonths, warnDays}
CREATE OR REPLACE FUNCTION tier_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own standing;
  held standing;
  has int;
  exact boolean;
BEGIN
  IF NOT coalesce(call->'moved' ? 'own', false) THEN RETURN '{}'; END IF;
  SELECT * INTO own FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT growth INTO has FROM account WHERE member_id = own.member_id;
  exact := to_jsonb(own) - 'member_id' = call->'moved'->'after' AND has = (call->'moved'->'growth'->>0)::int;
  IF exact THEN held := jsonb_populate_record(own, call->'moved'->'own'); ELSE held := tier_without(call, own, has); END IF;
  UPDATE standing SET tier = held.tier, since = held.since, valid_until = held.valid_until, warned_of = held.warned_of, review_at = held.review_at
    WHERE member_id = own.member_id;
  IF held.tier <> own.tier THEN
    PERFORM tier_note(own.member_id, own.tier, held.tier, 'separated', has, (call->>'at')::timestamptz);
  END IF;
  IF NOT exact THEN PERFORM tier_plan(call || jsonb_build_object('memberId', own.member_id)); END IF;
  PERFORM tier_unmerge_other(call);
  RETURN CASE WHEN held.tier = own.tier THEN '{}'
    ELSE jsonb_build_object('back', jsonb_build_object('tierBefore', own.tier, 'tierAfter', held.tier)) END;
END $$;

-- The survivor's standing without the other record, where something has changed since the merge; `review_at` is planned anew.
CREATE OR REPLACE FUNCTION tier_without(call jsonb, own standing, has int) RETURNS standing
LANGUAGE plpgsql AS $$
DECLARE
  before standing := jsonb_populate_record(own, call->'moved'->'own');
  after standing := jsonb_populate_record(own, call->'moved'->'after');
  held standing := own;
  enough boolean := has >= tier_takes(call, own.tier);
  reached int := tier_of(call, has);
BEGIN
  IF (own.tier, own.since, own.valid_until) <> (after.tier, after.since, after.valid_until) THEN
    IF NOT enough THEN held.tier := least(own.tier, tier_deserved(own.member_id, call)); END IF;
    IF held.tier < own.tier THEN held.since := (call->>'at')::timestamptz; END IF;
  ELSIF own.tier = before.tier OR NOT enough THEN
    held := before;
    held.review_at := own.review_at;
    -- somebody who was warned of this very end is not warned again
    IF own.warned_of = before.valid_until THEN held.warned_of := own.warned_of; END IF;
    IF reached > before.tier THEN
      held.tier := reached;
      held.since := (call->>'at')::timestamptz;
      held.valid_until := (call->>'validUntil')::timestamptz;
    END IF;
  END IF;
  RETURN held;
END $$;

-- The separated record has the tier it had, less what its own purchases returned since had reached; what is due is looked at by the
-- next review.
CREATE OR REPLACE FUNCTION tier_unmerge_other(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  dst uuid := (call->>'to')::uuid;
  of jsonb := call || jsonb_build_object('memberId', dst);
  has int;
BEGIN
  UPDATE standing SET review_at = (call->'moved'->'other'->>'review_at')::timestamptz WHERE member_id = dst;
  SELECT growth INTO has FROM account WHERE member_id = dst;
  IF has < (call->'moved'->'growth'->>1)::int THEN
    PERFORM tier_review(of);
    PERFORM tier_lower(of || jsonb_build_object('growth', (SELECT growth FROM account WHERE member_id = dst)));
  END IF;
END $$;
