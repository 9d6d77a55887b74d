-- Rights of members. Protects I-R1: no use beyond the quota of a period. The conditional write decides; verbs of one member
-- come one after the other (member_hold). The rules are those of shared/src/right.ts; a test asks both.

-- Under which key a use is counted, by the brand's calendar.
CREATE OR REPLACE FUNCTION right_period_key(period text, now_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(now_at AT TIME ZONE 'Asia/Shanghai',
    CASE period WHEN 'day' THEN 'YYYY-MM-DD' WHEN 'month' THEN 'YYYY-MM' WHEN 'year' THEN 'YYYY' ELSE '"once"' END)
$$;

-- When the next period begins; NULL when there is none.
CREATE OR REPLACE FUNCTION right_back_at(period text, now_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN period IN ('day', 'month', 'year') THEN
    (date_trunc(period, now_at AT TIME ZONE 'Asia/Shanghai') + ('1 ' || period)::interval) AT TIME ZONE 'Asia/Shanghai' END
$$;

-- Every right that runs, in order; the same for everybody.
CREATE OR REPLACE FUNCTION right_rows(now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(json_build_object('rightId', r.right_id, 'kind', r.kind, 'title', r.title, 'words', r.words,
      'tierFrom', r.tier_from, 'honourId', r.honour_id, 'honourName', h.name, 'quota', r.quota, 'period', r.period,
      'payload', r.payload, 'startsAt', iso_text(r.starts_at), 'endsAt', iso_text(r.ends_at))
    ORDER BY r.position, r.right_id), '[]')
  FROM member_right r LEFT JOIN honour h USING (honour_id)
  WHERE r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
$$;

-- What decides the state of rights for one member: honours that are worn, rights of gifts, and uses of the periods that run.
-- → {honours: [id], grants: [{rightId, expiresAt}], uses: [{rightId, periodKey, used}]}
CREATE OR REPLACE FUNCTION right_own(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'honours', (SELECT coalesce(json_agg(honour_id), '[]') FROM honour_held
      WHERE member_id = me AND (expires_at IS NULL OR expires_at > now_at)),
    'grants', (SELECT coalesce(json_agg(json_build_object('rightId', right_id, 'expiresAt', iso_text(expires_at)) ORDER BY grant_id), '[]')
      FROM right_grant WHERE member_id = me AND voided_at IS NULL AND (expires_at IS NULL OR expires_at > now_at)),
    'uses', (SELECT coalesce(json_agg(json_build_object('rightId', u.right_id, 'periodKey', u.period_key, 'used', u.used)), '[]')
      FROM right_use u JOIN member_right r USING (right_id)
      WHERE u.member_id = me AND u.period_key = right_period_key(r.period, now_at)))
$$;

-- {memberId, at} → {tier, rights, own}
CREATE OR REPLACE FUNCTION right_show(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object('tier', (SELECT tier FROM standing WHERE member_id = me),
    'rights', right_rows(now_at), 'own', right_own(me, now_at));
END $$;

-- Until when a member has a right by what brings it now, by tier, an honour that is worn or a gift; 'infinity' without an end, NULL
-- for who does not have it, used up or not.
CREATE OR REPLACE FUNCTION right_until(member uuid, own member_right, now_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
  ends timestamptz := coalesce(own.ends_at, 'infinity');
BEGIN
  IF own.starts_at > now_at OR ends <= now_at THEN RETURN NULL; END IF;
  IF own.tier_from <= (SELECT tier FROM standing s WHERE s.member_id = member) THEN RETURN ends; END IF;
  IF own.honour_id IS NOT NULL AND EXISTS (SELECT 1 FROM honour_held h WHERE h.member_id = member AND h.honour_id = own.honour_id
      AND (h.expires_at IS NULL OR h.expires_at > now_at)) THEN RETURN ends; END IF;
  RETURN (SELECT least(ends, max(coalesce(g.expires_at, 'infinity'))) FROM right_grant g WHERE g.member_id = member
    AND g.right_id = own.right_id AND g.voided_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now_at) HAVING count(*) > 0);
END $$;

-- The rights of a kind that a member has now, used up or not. ends_at is when it is gone for them; what would be back only after
-- that never is.
CREATE OR REPLACE FUNCTION right_of_kind(member uuid, which text, now_at timestamptz)
RETURNS TABLE (right_id text, payload jsonb, hours int, limited boolean, used_up boolean, back_at timestamptz, ends_at timestamptz, place smallint)
LANGUAGE sql STABLE AS $$
  SELECT r.right_id, r.payload, (r.payload->>'hours')::int, r.quota IS NOT NULL, coalesce(u.used >= r.quota, false),
      CASE WHEN right_back_at(r.period, now_at) < own.until THEN right_back_at(r.period, now_at) END,
      nullif(own.until, 'infinity'), r.position
    FROM member_right r CROSS JOIN LATERAL right_until(member, r, now_at) own (until) LEFT JOIN right_use u
      ON u.member_id = member AND u.right_id = r.right_id AND u.period_key = right_period_key(r.period, now_at)
    WHERE r.kind = which AND own.until IS NOT NULL
$$;

-- Uses a right once. → the period in which it counts; NULL when nothing of it is left. What has no limit is counted, too.
CREATE OR REPLACE FUNCTION right_use(member uuid, which text, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  counted text;
BEGIN
  SELECT * INTO STRICT own FROM member_right WHERE right_id = which;
  INSERT INTO right_use AS held (member_id, right_id, period_key, used)
    VALUES (member, which, right_period_key(own.period, now_at), 1)
    ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + 1
      WHERE own.quota IS NULL OR held.used < own.quota
    RETURNING period_key INTO counted;
  RETURN counted;
END $$;

-- What a use was for was taken back: it can be used again in the period in which it counted.
CREATE OR REPLACE FUNCTION right_give_back(member uuid, which text, counted text) RETURNS void
LANGUAGE sql AS $$
  UPDATE right_use SET used = greatest(0, used - 1) WHERE member_id = member AND right_id = which AND period_key = counted
$$;

-- Uses add up; an excess stays recorded and leaves nothing to use.
-- {from, to, at} → {moved: {uses: [{right_id, period_key, theirs, ours}]}, came, reversed}
CREATE OR REPLACE FUNCTION right_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  uses jsonb;
  brought int;
  excess jsonb;
BEGIN
  WITH theirs AS (DELETE FROM right_use WHERE member_id = src RETURNING right_id, period_key, used),
    summed AS (INSERT INTO right_use AS held (member_id, right_id, period_key, used) SELECT dst, right_id, period_key, used FROM theirs
      ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + excluded.used RETURNING right_id, period_key, used)
  SELECT jsonb_agg(jsonb_build_object('right_id', r.right_id, 'period_key', theirs.period_key, 'theirs', theirs.used, 'ours', ours.used)),
      sum(theirs.used), jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'right', 'title', r.title, 'has', summed.used,
        'limit', r.quota) ORDER BY r.title, r.right_id) FILTER (WHERE theirs.used > 0 AND summed.used > r.quota
          AND theirs.period_key = right_period_key(r.period, now_at) AND coalesce(r.ends_at > now_at, true))
    INTO uses, brought, excess
    FROM theirs JOIN summed USING (right_id, period_key) JOIN member_right r USING (right_id)
      LEFT JOIN right_use ours ON ours.member_id = dst AND (ours.right_id, ours.period_key) = (theirs.right_id, theirs.period_key);
  IF uses IS NULL THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', jsonb_build_object('uses', uses), 'reversed', coalesce(excess, '[]'),
    'came', CASE WHEN brought > 0 THEN jsonb_build_object('rights', brought) ELSE '{}' END);
END $$;

-- A record's uses go back, less those whose exchange was given back since the merge: that gave them back already.
-- {mergeId, from, to, moved} → {back}
CREATE OR REPLACE FUNCTION right_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  uses jsonb := call->'moved'->'uses';
  back int;
BEGIN
  IF uses IS NULL THEN RETURN '{}'; END IF;
  WITH went AS (INSERT INTO right_use (member_id, right_id, period_key, used)
      SELECT dst, own.right_id, own.period_key, greatest(theirs - (SELECT count(*) FROM merge_step s, mall_given_back(dst, s.moved) r
          WHERE s.member_id = src AND s.merge_id = (call->>'mergeId')::uuid AND s.step = 'mall_merge'
            AND r.right_id = own.right_id AND r.right_period = own.period_key), 0)
        FROM jsonb_to_recordset(uses) own (right_id text, period_key text, theirs int) RETURNING used)
  SELECT sum(used) INTO back FROM went;
  UPDATE right_use held SET used = greatest(held.used - own.used, 0)
    FROM right_use own JOIN jsonb_to_recordset(uses) one (right_id text, period_key text) USING (right_id, period_key)
    WHERE held.member_id = src AND own.member_id = dst AND (held.right_id, held.period_key) = (own.right_id, own.period_key);
  DELETE FROM right_use held USING jsonb_to_recordset(uses) one (right_id text, period_key text, ours int)
    WHERE held.member_id = src AND (held.right_id, held.period_key) = (one.right_id, one.period_key) AND held.used = 0 AND one.ours IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('rights', back) ELSE '{}' END);
END $$;
