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
  INSERT INTO standing (member_id, tier, since, valid_until)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
