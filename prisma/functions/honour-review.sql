-- What time does to an honour. The rule decides from facts (honour_facts) and what it says is written only while they still hold:
-- two workers, a duty done just now or a merge leave a look that came too late without effect.

-- {memberId, honourId, at} → {name, warnDays, asks, held, months}; NULL for who does not hold it
CREATE OR REPLACE FUNCTION honour_facts(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('name', h.name, 'warnDays', h.warn_days, 'held', honour_row(own),
      'asks', honour_asks(own.member_id, h, (call->>'at')::timestamptz), 'months', honour_months(own, (call->>'at')::timestamptz))
    FROM honour_held own JOIN honour h USING (honour_id)
    WHERE own.member_id = (call->>'memberId')::uuid AND own.honour_id = call->>'honourId'
$$;

-- A duty was done: the next look at the honour that it keeps is the next run's.
CREATE OR REPLACE FUNCTION honour_look(member uuid, honour text, now_at timestamptz) RETURNS void
LANGUAGE sql AS $$
  UPDATE honour_held SET review_at = now_at WHERE member_id = member AND honour_id = honour AND review_at > now_at
$$;

-- Writes what the rule made of what was {seen}, and tells of a new warning. Who lapses is off the wall.
-- {memberId, honourId, at, seen, next, reviewAt} → {turned}: false when it is not as it was seen any more
CREATE OR REPLACE FUNCTION honour_turn(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  next honour_held := jsonb_populate_record(NULL::honour_held, honour_columns(call->'next'));
BEGIN
  PERFORM 1 FROM member m WHERE m.member_id = member AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    -- what a record holds that is none any more is never due again
    UPDATE honour_held SET review_at = tier_never() WHERE member_id = member;
    RETURN '{"turned": false}';
  END IF;
  IF honour_facts(call) IS DISTINCT FROM call->'seen' THEN RETURN '{"turned": false}'; END IF;
  UPDATE honour_held SET state = next.state, expires_at = next.expires_at, term_ends_at = next.term_ends_at, duties_from = next.duties_from,
      warned_at = next.warned_at, lapses_at = next.lapses_at, lapsed_at = next.lapsed_at, because = next.because,
      wall_at = CASE WHEN next.state <> 'lapsed' THEN wall_at END, review_at = (call->>'reviewAt')::timestamptz
    WHERE member_id = member AND honour_id = call->>'honourId';
  IF next.state = 'warned' AND next.warned_at = (call->>'at')::timestamptz AND call->'seen'->'held'->>'state' = 'worn' THEN
    PERFORM outbox_put(jsonb_build_object('memberId', member, 'template', 'honour_ending', 'at', call->'at', 'ifAllowed', true,
      'payload', jsonb_build_object('name', call->'seen'->'name', 'endsAt', iso_text(next.lapses_at), 'because', next.because)));
  END IF;
  RETURN '{"turned": true}';
END $$;

-- What the rule says, by the names of the columns.
CREATE OR REPLACE FUNCTION honour_columns(told jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('state', told->'state', 'expires_at', told->'expiresAt', 'term_ends_at', told->'termEndsAt',
    'duties_from', told->'dutiesFrom', 'warned_at', told->'warnedAt', 'lapses_at', told->'lapsesAt', 'lapsed_at', told->'lapsedAt',
    'because', told->'because')
$$;

-- Puts somebody's name on the wall of an honour that they wear, or takes it off; doing so again changes nothing.
-- {request, memberId, honourId, on, at} → {onWall}; refuses NOT_FOUND, HONOUR_NEEDED
CREATE OR REPLACE FUNCTION honour_wall_set(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  named text;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT name INTO named FROM honour WHERE honour_id = call->>'honourId';
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "honour"}'); END IF;
  IF (call->>'on')::boolean AND NOT honour_worn(member, call->>'honourId', now_at) THEN
    PERFORM refuse('HONOUR_NEEDED', jsonb_build_object('honourName', named));
  END IF;
  UPDATE honour_held SET wall_at = CASE WHEN (call->>'on')::boolean THEN coalesce(wall_at, now_at) END
    WHERE member_id = member AND honour_id = call->>'honourId';
  RETURN request_end(call->'request', jsonb_build_object('onWall', (call->>'on')::boolean));
END $$;

-- Called something else, nobody has looked at the name that strangers would read: off the wall until it is put there again. {memberId}
CREATE OR REPLACE FUNCTION honour_on_rename(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE honour_held SET wall_at = NULL WHERE member_id = (call->>'memberId')::uuid AND wall_at IS NOT NULL;
  SELECT '{}'::jsonb
$$;

-- Who stands on the wall of an honour, the newest first: wearers who said so and have not asked to leave.
-- {honourId, at, after: {at, memberId} | null, limit} → [{memberId, nameSealed (base64), since, at}]
CREATE OR REPLACE FUNCTION honour_wall(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', member_id, 'nameSealed', replace(encode(name_sealed, 'base64'), E'\n', ''),
      'since', iso_text(granted_at), 'at', iso_text(wall_at)) ORDER BY wall_at DESC, member_id DESC), '[]')
  FROM (SELECT own.member_id, m.name_sealed, own.granted_at, own.wall_at FROM honour_held own JOIN member m USING (member_id)
    WHERE own.honour_id = call->>'honourId' AND own.wall_at IS NOT NULL AND m.status = 'active'
      AND (own.expires_at IS NULL OR own.expires_at > (call->>'at')::timestamptz)
      AND NOT EXISTS (SELECT 1 FROM cancellation c WHERE c.member_id = own.member_id AND c.state = 'asked')
      AND (jsonb_typeof(call->'after') IS DISTINCT FROM 'object'
        OR (own.wall_at, own.member_id) < ((call->'after'->>'at')::timestamptz, (call->'after'->>'memberId')::uuid))
    ORDER BY own.wall_at DESC, own.member_id DESC LIMIT (call->>'limit')::int) page
$$;
