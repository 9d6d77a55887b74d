-- Tiers: up at once, down one step at the end of their validity, and with a return that takes away what had reached them.
-- What a call needs to be told of the programme is {ladder: [{tier, name, atGrowth}], windowMonths, warnDays}. The rules stand
-- in shared/src/tier.ts, too; a test asks both and wants the same answers.

-- Up at once, never down for what is missing; what is due by then is looked at first, so that old growth lifts nobody.
-- {memberId, growth, at, validUntil, reason?, …} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  valid timestamptz := (call->>'validUntil')::timestamptz;
  has int := (call->>'growth')::int;
  months int := coalesce((call->>'windowMonths')::int, 12);
  held standing;
  reached int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member;
  IF held.review_at <= now_at AND call ? 'windowMonths' THEN
    PERFORM tier_review(call);
    SELECT * INTO held FROM standing WHERE member_id = member;
    SELECT growth INTO has FROM account WHERE member_id = member;
  END IF;
  SELECT max((rung->>'tier')::int) INTO reached FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= has;
  IF reached > held.tier THEN
    UPDATE standing SET tier = reached, since = now_at, valid_until = valid,
        review_at = least(review_at, tier_growth_leaves(now_at, months), tier_warn_at(valid, coalesce((call->>'warnDays')::int, 30)))
      WHERE member_id = member AND tier < reached;
    PERFORM tier_note(member, held.tier, reached, coalesce(call->>'reason', 'raised'), has, now_at);
  ELSIF has > 0 AND held.review_at > now_at + make_interval(months => months) THEN
    UPDATE standing SET review_at = least(review_at, tier_growth_leaves(now_at, months)) WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', greatest(held.tier, reached));
END $$;

-- A tier that only growth given back since had reached ends with it: what is left is the tier that would be held had that
-- growth never come. Reads the history, but only when a return leaves less than the tier needs.
-- {memberId, growth, at, …} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  deserved := held.tier;
  IF (call->>'growth')::int < tier_takes(call, held.tier) THEN deserved := least(held.tier, tier_deserved(member, call)); END IF;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
    PERFORM tier_note(member, held.tier, deserved, 'returned', (call->>'growth')::int, (call->>'at')::timestamptz);
  END IF;
  IF call ? 'windowMonths' THEN PERFORM tier_plan(call); END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', deserved);
END $$;

-- The tier of somebody who never had what was given back: lifted by what was kept, lowered by the ends of validity as they came,
-- a step further where only what was given back had kept it. A record that was merged brings what it deserved itself, and an
-- older system's word for a tier is kept.
CREATE OR REPLACE FUNCTION tier_deserved(member uuid, call jsonb) RETURNS int
LANGUAGE plpgsql STABLE AS $$
DECLARE
  one record;
  stood bigint := 0;
  deserved int := tier_of(call, 0);
BEGIN
  FOR one IN
    SELECT k.at, 0 AS nth, sum(k.amount) AS amount, '' AS reason, 0 AS after FROM tier_kept_growth(member, (call->>'mergeId')::uuid) k GROUP BY k.at
    UNION ALL SELECT c.at, 1, 0, c.reason, c.after FROM tier_change c WHERE c.member_id = member
    ORDER BY 1, 2 LOOP
    stood := stood + one.amount;
    IF one.reason = 'kept' AND stood < tier_takes(call, deserved) THEN
      deserved := tier_below(call, deserved);
    ELSIF one.reason = 'landed' THEN
      deserved := least(deserved, one.after);
    ELSIF one.reason = 'imported' THEN
      deserved := greatest(deserved, one.after);
    ELSIF one.reason = 'merged' THEN
      deserved := greatest(deserved, (SELECT max(tier_deserved(m.member_id, call)) FROM member m WHERE m.merged_into = member));
    END IF;
    deserved := greatest(deserved, tier_of(call, stood));
  END LOOP;
  RETURN deserved;
END $$;

-- What of growth that one source earned has been given back in parts, by whoever its member became.
CREATE OR REPLACE FUNCTION tier_given_back(earned transfer) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(back.amount), 0)::int FROM transfer back WHERE back.unit = 'growth' AND back.reason = 'purchase_returned'
    -- what an undone merge tells again is no second return
    AND back.to_account = 'programme:issued' AND back.effect_kind = earned.effect_kind AND back.effect_source = earned.effect_source AND back.member_id IN (
      SELECT e.member_id FROM effect e WHERE e.kind = earned.effect_kind AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back:%')
$$;

-- Every change of a member's growth but what was given back, as if it had never come. What other records had earned and this one
-- or whoever it became gave back left with the merge that brought it; an older merge does not say from whom it brought what. A merge
-- that was taken back, or is just now ({undoing}), never brought anything.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid, undoing uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE undone (merge_id) AS (SELECT undoing::text UNION ALL SELECT merge_id::text FROM merge_undo u WHERE u.member_id = member),
  brought (earner, at, stayed) AS (
    SELECT (t.detail->>'from')::uuid, t.at, NOT EXISTS (SELECT 1 FROM undone WHERE merge_id = t.detail->>'mergeId') FROM transfer t
      WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from'
    UNION
    SELECT (t.detail->>'from')::uuid, b.at, b.stayed AND NOT EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = b.earner
        AND u.merge_id::text = t.detail->>'mergeId') FROM brought b JOIN transfer t ON t.member_id = b.earner
      WHERE t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from')
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount - tier_given_back(t) ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT (reason IN ('merged_in', 'separated_out') AND EXISTS (SELECT 1 FROM undone WHERE merge_id = t.detail->>'mergeId'))
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT b.at, -back.amount FROM brought b
    JOIN transfer earned ON earned.member_id = b.earner AND earned.unit = 'growth' AND earned.to_account = 'member:growth'
    JOIN LATERAL (SELECT DISTINCT kind, source_id, member_id FROM effect e WHERE e.kind = earned.effect_kind
      AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back%') e ON true
    JOIN transfer back ON back.member_id = e.member_id AND back.unit = 'growth' AND back.reason = 'purchase_returned'
      AND back.to_account = 'programme:issued' AND back.effect_kind = e.kind AND back.effect_source = e.source_id AND back.at >= b.at
    WHERE b.stayed AND e.member_id NOT IN (SELECT earner FROM brought)
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
      AND e.member_id NOT IN (SELECT earner FROM brought)
$$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, tier_never())
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
