-- What time alone does to a tier: growth leaves its window, an end is warned of, and at the end the tier is kept or lands one
-- step lower. One call looks at one member; run again or by two workers at once, it finds nothing due.

-- {memberId, at, …} → {growthExpired, kept, landed, warned}
CREATE OR REPLACE FUNCTION tier_review(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  held standing;
  ended jsonb;
  gone int;
  warned boolean;
BEGIN
  -- a record that was merged away meanwhile is never due again
  PERFORM 1 FROM member m WHERE m.member_id = member AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    UPDATE standing SET review_at = tier_never() WHERE member_id = member;
    RETURN '{"growthExpired": 0, "kept": false, "landed": false, "warned": false}';
  END IF;
  SELECT * INTO held FROM standing WHERE member_id = member AND review_at <= now_at FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"growthExpired": 0, "kept": false, "landed": false, "warned": false}'; END IF;
  ended := tier_end(call, held);
  gone := (ended->>'growthExpired')::int + (ledger_settle_growth(call || jsonb_build_object('from',
    tier_counts_from(now_at, (call->>'windowMonths')::int)))->>'expired')::int;
  warned := tier_warn(call);
  PERFORM tier_plan(call);
  RETURN ended || jsonb_build_object('growthExpired', gone, 'warned', warned);
END $$;

-- The end of a tier's validity. What counts is what counted on its last day, and what came since: nobody is worse off because
-- the review was late. Growth leaves and the change is noted as of that day. → {growthExpired, kept, landed}
CREATE OR REPLACE FUNCTION tier_end(call jsonb, held standing) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  months int := (call->>'windowMonths')::int;
  until timestamptz := held.valid_until;
  takes int := tier_takes(call, held.tier);
  gone jsonb;
  has int;
  after int;
BEGIN
  IF takes = 0 OR until >= (call->>'at')::timestamptz THEN
    RETURN '{"growthExpired": 0, "kept": false, "landed": false}';
  END IF;
  gone := ledger_settle_growth(call || jsonb_build_object('at', until, 'from', tier_counts_from(until, months)));
  SELECT growth INTO has FROM account WHERE member_id = held.member_id;
  after := CASE WHEN has >= takes THEN held.tier ELSE tier_below(call, held.tier) END;
  LOOP
    until := tier_month_end(until, months);
    EXIT WHEN until >= (call->>'at')::timestamptz;
  END LOOP;
  UPDATE standing SET tier = after, valid_until = until, warned_of = NULL,
      since = CASE WHEN after = held.tier THEN since ELSE held.valid_until + interval '1 millisecond' END
    WHERE member_id = held.member_id;
  PERFORM tier_note(held.member_id, held.tier, after, CASE WHEN after = held.tier THEN 'kept' ELSE 'landed' END, has,
    held.valid_until + interval '1 millisecond');
  RETURN jsonb_build_object('growthExpired', gone->'expired', 'kept', after = held.tier, 'landed', after <> held.tier);
END $$;

-- Warns of an end that is near and that the growth of its last day would not survive, once. → whether it did
CREATE OR REPLACE FUNCTION tier_warn(call jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  held standing;
  missing int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = (call->>'memberId')::uuid;
  IF held.warned_of = held.valid_until OR now_at > held.valid_until
      OR now_at < tier_warn_at(held.valid_until, (call->>'warnDays')::int) THEN RETURN false; END IF;
  missing := tier_takes(call, held.tier) - tier_counts_at(held.member_id, held.valid_until, (call->>'windowMonths')::int);
  IF missing <= 0 THEN RETURN false; END IF;
  UPDATE standing SET warned_of = valid_until WHERE member_id = held.member_id;
  PERFORM outbox_put(jsonb_build_object('memberId', held.member_id, 'template', 'tier_ending', 'at', call->'at', 'ifAllowed', true,
    'payload', jsonb_build_object('endsAt', iso_text(held.valid_until), 'needGrowth', missing, 'tierName',
      (SELECT rung->>'name' FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held.tier))));
  RETURN true;
END $$;

-- Writes down when there is next something to look at.
CREATE OR REPLACE FUNCTION tier_plan(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  months int := (call->>'windowMonths')::int;
  held standing;
  oldest timestamptz;
  due timestamptz := tier_never();
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member;
  SELECT min(day) INTO oldest FROM (
    SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' AS day
      FROM ledger_growth_lines(member, tier_counts_from((call->>'at')::timestamptz, months)) GROUP BY 1 HAVING sum(growth) > 0) days;
  IF oldest IS NOT NULL THEN due := tier_growth_leaves(oldest, months); END IF;
  IF tier_takes(call, held.tier) > 0 THEN
    due := least(due, held.valid_until + interval '1 millisecond');
    IF held.warned_of IS DISTINCT FROM held.valid_until
        AND tier_counts_at(member, held.valid_until, months) < tier_takes(call, held.tier) THEN
      due := least(due, tier_warn_at(held.valid_until, (call->>'warnDays')::int));
    END IF;
  END IF;
  UPDATE standing SET review_at = due WHERE member_id = member AND review_at <> due;
END $$;

-- Why somebody has their tier: what counts, from where, and how it came. The figures agree with `from`, whether or not the
-- review has come yet. {memberId, from, endFrom} → {standing, lines, sources, history}
CREATE OR REPLACE FUNCTION tier_explain(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
BEGIN
  RETURN json_build_object(
    'standing', (SELECT json_build_object('tier', tier, 'since', iso_text(since), 'validUntil', iso_text(valid_until))
      FROM standing WHERE member_id = me),
    'days', (SELECT coalesce(json_agg(json_build_object('at', iso_text(day), 'growth', growth) ORDER BY day), '[]') FROM (
      SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' AS day, sum(growth) AS growth
        FROM ledger_growth_lines(me, (call->>'from')::timestamptz) GROUP BY 1 HAVING sum(growth) > 0) days),
    'sources', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT reason, sum(sources) AS count, sum(growth) AS growth FROM ledger_growth_lines(me, (call->>'from')::timestamptz)
        GROUP BY reason HAVING sum(growth) > 0 ORDER BY 3 DESC, 1) own),
    'history', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT iso_text(at) AS at, before, after, reason FROM tier_change WHERE member_id = me
        ORDER BY tier_change.at DESC, change_id DESC LIMIT 10) own));
END $$;

CREATE OR REPLACE FUNCTION tier_note(member uuid, before int, after int, reason text, growth int, at timestamptz) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO tier_change (member_id, change_id, before, after, reason, growth, at) VALUES (member, uuid_v7(at), before, after, reason, growth, at)
$$;

-- The ladder: what a tier takes (nothing for one that is not on it), the step below, and what so much growth reaches.
CREATE OR REPLACE FUNCTION tier_takes(call jsonb, held int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(max((rung->>'atGrowth')::int), 0) FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held
$$;

CREATE OR REPLACE FUNCTION tier_of(call jsonb, growth bigint) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(max((rung->>'tier')::int) FILTER (WHERE (rung->>'atGrowth')::int <= growth), min((rung->>'tier')::int))
    FROM jsonb_array_elements(call->'ladder') rung
$$;

CREATE OR REPLACE FUNCTION tier_below(call jsonb, held int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$ SELECT tier_of(call, tier_takes(call, held) - 1) $$;

-- The brand's calendar: growth counts through the same day one window later; a month's last day stands for all that follow it.
CREATE OR REPLACE FUNCTION tier_counts_from(at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') - make_interval(months => months)) AT TIME ZONE 'Asia/Shanghai'
$$;

CREATE OR REPLACE FUNCTION tier_growth_leaves(earned_at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN extract(day FROM day + interval '1 day') = 1 THEN date_trunc('month', day) + make_interval(months => months + 1)
    ELSE day + make_interval(months => months) + interval '1 day' END AT TIME ZONE 'Asia/Shanghai'
    FROM (SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AS day) one
$$;

CREATE OR REPLACE FUNCTION tier_month_end(at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('month', at AT TIME ZONE 'Asia/Shanghai') + make_interval(months => months + 1) - interval '1 millisecond')
    AT TIME ZONE 'Asia/Shanghai'
$$;

-- Ten in the morning, so many days before.
CREATE OR REPLACE FUNCTION tier_warn_at(until timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', until AT TIME ZONE 'Asia/Shanghai') - make_interval(days => days) + interval '10 hours') AT TIME ZONE 'Asia/Shanghai'
$$;

-- What counts on a day still to come, when nothing is bought until then.
CREATE OR REPLACE FUNCTION tier_counts_at(member uuid, day timestamptz, months int) RETURNS int
LANGUAGE sql STABLE AS $$ SELECT coalesce(sum(growth), 0)::int FROM ledger_growth_lines(member, tier_counts_from(day, months)) $$;

-- For members of whom nothing is due.
CREATE OR REPLACE FUNCTION tier_never() RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT '9999-12-31T00:00:00Z'::timestamptz $$;
