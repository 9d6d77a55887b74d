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
    'honours', (SELECT coalesce(json_agg(worn_id), '[]') FROM honour_all_worn(me, now_at)),
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
  IF own.honour_id IS NOT NULL AND honour_worn(member, own.honour_id, now_at) THEN RETURN ends; END IF;
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

-- What a price is made of: each right once, in the statement that holds the price. What has no quota is not counted.
-- → [{rightId, periodKey}] to be released with what they were held for. Refuses RIGHT_USED_UP {backAt}; BUSY when the member does
-- not have one of them any more, so that the price is asked again.
CREATE OR REPLACE FUNCTION right_hold(member uuid, right_ids text[], now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  until timestamptz;
  counted text;
  uses jsonb := '[]';
  n int := 0;
BEGIN
  FOR own IN SELECT * FROM member_right WHERE right_id = ANY (right_ids) ORDER BY right_id LOOP
    n := n + 1;
    until := right_until(member, own, now_at);
    IF until IS NULL THEN PERFORM refuse('BUSY'); END IF;
    CONTINUE WHEN own.quota IS NULL;
    counted := right_use(member, own.right_id, now_at);
    IF counted IS NULL THEN PERFORM right_refuse_used_up(own, until, now_at); END IF;
    uses := uses || jsonb_build_array(jsonb_build_object('rightId', own.right_id, 'periodKey', counted));
  END LOOP;
  IF n < (SELECT count(DISTINCT id) FROM unnest(right_ids) id) THEN PERFORM refuse('BUSY'); END IF;
  RETURN uses;
END $$;

CREATE OR REPLACE FUNCTION right_refuse_used_up(own member_right, until timestamptz, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('RIGHT_USED_UP', jsonb_build_object('backAt',
    CASE WHEN right_back_at(own.period, now_at) < until THEN iso_text(right_back_at(own.period, now_at)) END));
END $$;

-- Held uses, row by row; none for NULL.
CREATE OR REPLACE FUNCTION right_held_uses(uses jsonb) RETURNS TABLE (right_id text, period_key text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT value->>'rightId', value->>'periodKey' FROM jsonb_array_elements(CASE jsonb_typeof(uses) WHEN 'array' THEN uses ELSE '[]' END)
$$;

-- Gives held uses back, each in the period in which it counted. {[rightId, periodKey]}, or NULL
CREATE OR REPLACE FUNCTION right_release(member uuid, uses jsonb) RETURNS void
LANGUAGE sql AS $$
  UPDATE right_use held SET used = greatest(0, used - 1)
    FROM right_held_uses(uses) one
    WHERE held.member_id = member AND (held.right_id, held.period_key) = (one.right_id, one.period_key)
$$;

-- Gives a right to one member for one source, once; asked again it answers the same. Never longer than the right itself runs.
-- {memberId, rightId, at, expiresAt?, kind, sourceId} → {rightId, title, expiresAt} | {refused, detail}
CREATE OR REPLACE FUNCTION right_grant(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  given right_grant;
BEGIN
  SELECT * INTO own FROM member_right WHERE right_id = call->>'rightId';
  IF NOT FOUND THEN RETURN '{"refused": "NOT_FOUND", "detail": {"noun": "right"}}'; END IF;
  IF ledger_claim(call, 'right:' || own.right_id) THEN
    INSERT INTO right_grant (member_id, grant_id, right_id, granted_at, expires_at, effect_kind, effect_source)
      VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), own.right_id, (call->>'at')::timestamptz,
        least((call->>'expiresAt')::timestamptz, own.ends_at), call->>'kind', call->>'sourceId') RETURNING * INTO given;
  ELSE
    SELECT * INTO given FROM right_grant WHERE member_id = (call->>'memberId')::uuid AND right_id = own.right_id
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId';
  END IF;
  RETURN jsonb_build_object('rightId', own.right_id, 'title', own.title, 'expiresAt', iso_text(given.expires_at));
END $$;

-- Takes back what a source gave; uses that were made of it stay. {memberId, kind, sourceId, at} → {voided}
CREATE OR REPLACE FUNCTION right_grant_void(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (UPDATE right_grant SET voided_at = (call->>'at')::timestamptz WHERE member_id = (call->>'memberId')::uuid
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId' AND voided_at IS NULL RETURNING 1)
  SELECT jsonb_build_object('voided', count(*)) FROM gone
$$;

-- What was taken back for a reason that is gone stands again. {memberId, kind, sourceId} → {restored}
CREATE OR REPLACE FUNCTION right_grant_restore(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH again AS (UPDATE right_grant SET voided_at = NULL WHERE member_id = (call->>'memberId')::uuid
      AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId' AND voided_at IS NOT NULL RETURNING 1)
  SELECT jsonb_build_object('restored', count(*)) FROM again
$$;

-- A free service at the counter, once for a visit's customer who shows a live code; the conditional write decides (I-R1).
-- {request, staffId | keyId, visitId, memberId, rightId, serviceId, at} → {title, left, backAt}
-- Refuses NOT_FOUND, RIGHT_LOCKED, RIGHT_USED_UP, CODE_NEEDED, VISIT_UNKNOWN, VISIT_OVER, STAFF_NEEDED, BUSY.
CREATE OR REPLACE FUNCTION right_serve(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  clerk staff;
  here visit;
  own member_right;
  until timestamptz;
  counted text;
  room int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  clerk := at_till(call, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, clerk.store_id, now_at);
  SELECT * INTO own FROM member_right WHERE right_id = call->>'rightId' AND kind = 'free_service'
    AND starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at);
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "right"}'); END IF;
  until := right_until(member, own, now_at);
  IF until IS NULL THEN PERFORM refuse('RIGHT_LOCKED', jsonb_build_object('tier', own.tier_from)); END IF;
  counted := right_use(member, own.right_id, now_at);
  IF counted IS NULL THEN PERFORM right_refuse_used_up(own, until, now_at); END IF;
  INSERT INTO right_service (member_id, service_id, right_id, period_key, store_id, staff_id, visit_id, at)
    VALUES (member, (call->>'serviceId')::uuid, own.right_id, counted, clerk.store_id, clerk.member_id, here.visit_id, now_at);
  SELECT own.quota - used INTO room FROM right_use WHERE member_id = member AND right_id = own.right_id AND period_key = counted;
  PERFORM audit_note(call, clerk, 'right.use', call->>'serviceId');
  RETURN request_end(call->'request', jsonb_build_object('title', own.title, 'left', room, 'backAt',
    CASE WHEN room = 0 AND right_back_at(own.period, now_at) < until THEN iso_text(right_back_at(own.period, now_at)) END));
END $$;
