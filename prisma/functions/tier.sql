-- Up at once, never down here. {memberId, growth, at, validUntil, ladder: [{tier, atGrowth}]} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  reached int;
BEGIN
  SELECT tier, (SELECT max((rung->>'tier')::int) FROM jsonb_array_elements(call->'ladder') rung
                  WHERE (rung->>'atGrowth')::int <= (call->>'growth')::int)
    INTO held, reached FROM standing WHERE member_id = member;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = (call->>'at')::timestamptz, valid_until = (call->>'validUntil')::timestamptz
      WHERE member_id = member AND tier < reached;
  END IF;
  RETURN jsonb_build_object('before', held, 'after', greatest(held, reached));
END $$;

-- A tier that only growth given back since had reached ends with it. What counts is the highest that the growth which was
-- kept stood at since the tier was reached, what it stood at then included. Reads the growth history, but only when a return
-- leaves less than the tier needs. {memberId, growth, at, ladder} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
  best bigint;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  best := (call->>'growth')::int;
  IF best < (SELECT max((rung->>'atGrowth')::int) FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held.tier) THEN
    SELECT greatest(best, max(stood)) INTO best FROM (
      SELECT sum(sum(amount)) OVER (ORDER BY at) AS stood, lead(at) OVER (ORDER BY at) AS until
        FROM tier_kept_growth(member) GROUP BY at) history
      WHERE coalesce(until, 'infinity') > held.since;
  END IF;
  SELECT max((rung->>'tier')::int) INTO deserved FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= best;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', least(deserved, held.tier));
END $$;

-- Every change of a member's growth but what was given back, as if it had never come. What another record had earned and the
-- survivor gave back left with the merge that brought it.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
$$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE standing SET tier = other.tier, since = other.since, valid_until = other.valid_until
    FROM standing other
    WHERE standing.member_id = (call->>'to')::uuid AND other.member_id = (call->>'from')::uuid
      AND (other.tier, other.valid_until) > (standing.tier, standing.valid_until);
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, (call->>'validUntil')::timestamptz)
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
