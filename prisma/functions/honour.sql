-- Titles and badges: given, and worn until their term ends or their duties were left undone. What time does to them is the rule
-- of shared/src/honour.ts; that a lapsed one is worn no more is said by its end alone, so whoever reads asks one function.

-- Whether somebody wears an honour.
CREATE OR REPLACE FUNCTION honour_worn(member uuid, honour text, now_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM honour_held WHERE member_id = member AND honour_id = honour AND (expires_at IS NULL OR expires_at > now_at))
$$;

-- All that somebody wears.
CREATE OR REPLACE FUNCTION honour_all_worn(member uuid, now_at timestamptz) RETURNS TABLE (worn_id text)
LANGUAGE sql STABLE AS $$
  SELECT honour_id FROM honour_held WHERE member_id = member AND (expires_at IS NULL OR expires_at > now_at)
$$;

-- The later of two ends; none at all is the latest.
CREATE OR REPLACE FUNCTION honour_longer(a timestamptz, b timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN greatest(a, b) END $$;

-- Until when one given now is worn, to the end of a month; NULL for ever.
CREATE OR REPLACE FUNCTION honour_until(term_months int, now_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('month', now_at AT TIME ZONE 'Asia/Shanghai') + make_interval(months => term_months + 1) - interval '1 millisecond')
    AT TIME ZONE 'Asia/Shanghai'
$$;

-- Duties begin with the first whole month.
CREATE OR REPLACE FUNCTION honour_duties_from(now_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('month', now_at AT TIME ZONE 'Asia/Shanghai') + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
$$;

-- Gives an honour; the member is held. Worn already, the longer term counts; a lapsed one is worn anew, and whoever wants it on the
-- wall says so again. Without `until` it is worn for the term of the honour. {memberId, honourId, at, until?}
CREATE OR REPLACE FUNCTION honour_grant(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  given honour;
  until timestamptz;
BEGIN
  SELECT * INTO STRICT given FROM honour WHERE honour_id = call->>'honourId';
  until := CASE WHEN call ? 'until' THEN (call->>'until')::timestamptz ELSE honour_until(given.term_months, now_at) END;
  UPDATE honour_held SET expires_at = honour_longer(expires_at, until), term_ends_at = honour_longer(expires_at, until),
      review_at = now_at
    WHERE member_id = (call->>'memberId')::uuid AND honour_id = given.honour_id AND (expires_at IS NULL OR expires_at > now_at);
  IF FOUND THEN RETURN; END IF;
  INSERT INTO honour_held (member_id, honour_id, granted_at, expires_at, term_ends_at, review_at, duties_from)
    VALUES ((call->>'memberId')::uuid, given.honour_id, now_at, until, until, now_at,
            CASE WHEN given.duty_count > 0 THEN honour_duties_from(now_at) END)
    ON CONFLICT (member_id, honour_id) DO UPDATE SET granted_at = excluded.granted_at, expires_at = excluded.expires_at,
      term_ends_at = excluded.term_ends_at, duties_from = excluded.duties_from, state = 'worn', warned_at = NULL, lapses_at = NULL,
      lapsed_at = NULL, because = NULL, wall_at = NULL, review_at = now_at;
END $$;

-- The months of {memberId, honourId, at} whose duties are asked about: since the warning, and this one.
-- → {"2026-11": {done, waiting}}; what waits has been handed in and not been looked at yet
CREATE OR REPLACE FUNCTION honour_months(held honour_held, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(period_key, jsonb_build_object('done', done, 'waiting', waiting)), '{}') FROM (
    SELECT i.period_key, count(*) FILTER (WHERE i.state IN ('approved', 'rewarded')) AS done,
        count(*) FILTER (WHERE i.state = 'submitted') AS waiting
      FROM obligation_instance i JOIN obligation o USING (obligation_id)
      WHERE i.member_id = held.member_id AND o.keeps_honour_id = held.honour_id AND o.period = 'monthly'
        AND i.period_key >= right_period_key('month', coalesce(held.warned_at, now_at))
      GROUP BY i.period_key) months
$$;

-- How many duties this month asks of somebody: as many as the honour says, and never more than are to be had.
CREATE OR REPLACE FUNCTION honour_asks(member uuid, given honour, now_at timestamptz) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT least(given.duty_count, count(*))::int FROM obligation o
    WHERE o.keeps_honour_id = given.honour_id AND o.period = 'monthly' AND o.starts_at <= now_at
      AND (o.ends_at > now_at AND o.stopped_at IS NULL OR EXISTS (SELECT 1 FROM obligation_instance i
        WHERE i.member_id = member AND i.obligation_id = o.obligation_id AND i.period_key = right_period_key('month', now_at)
          AND i.state IN ('submitted', 'approved', 'rewarded')))
$$;

-- All honours in order, with how this member holds each and what it asks for this month. {memberId, at}
CREATE OR REPLACE FUNCTION honour_list(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('honourId', h.honour_id, 'name', h.name, 'mark', h.mark, 'words', h.words, 'kind', h.kind,
      'termMonths', h.term_months, 'dutyCount', h.duty_count, 'grantedAt', iso_text(own.granted_at), 'onWall', own.wall_at IS NOT NULL,
      'held', CASE WHEN own.member_id IS NOT NULL THEN honour_row(own) END,
      'asks', honour_asks((call->>'memberId')::uuid, h, (call->>'at')::timestamptz),
      'duties', honour_duties((call->>'memberId')::uuid, h, (call->>'at')::timestamptz)) ORDER BY h.position, h.honour_id), '[]')
    FROM honour h LEFT JOIN honour_held own ON own.member_id = (call->>'memberId')::uuid AND own.honour_id = h.honour_id
$$;

-- What keeps an honour this month, and how far this member is. → [{obligationId, title, state}]
CREATE OR REPLACE FUNCTION honour_duties(member uuid, given honour, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('obligationId', o.obligation_id, 'title', o.title, 'state', coalesce(i.state, 'open'))
      ORDER BY o.position, o.obligation_id), '[]')
    FROM obligation o LEFT JOIN obligation_instance i ON i.member_id = member AND i.obligation_id = o.obligation_id
      AND i.period_key = right_period_key('month', now_at) AND i.state <> 'superseded'
    WHERE o.keeps_honour_id = given.honour_id AND o.period = 'monthly' AND o.starts_at <= now_at
      AND (o.ends_at > now_at AND o.stopped_at IS NULL OR i.state IN ('submitted', 'approved', 'rewarded'))
$$;

-- The row as the rule reads it.
CREATE OR REPLACE FUNCTION honour_row(held honour_held) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('state', held.state, 'expiresAt', iso_text(held.expires_at), 'termEndsAt', iso_text(held.term_ends_at),
    'dutiesFrom', iso_text(held.duties_from), 'warnedAt', iso_text(held.warned_at), 'lapsesAt', iso_text(held.lapses_at),
    'lapsedAt', iso_text(held.lapsed_at), 'because', held.because)
$$;

-- What was worn goes with who leaves.
CREATE OR REPLACE FUNCTION honour_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
BEGIN
  DELETE FROM honour_held WHERE member_id = ANY (erase_records(call));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN jsonb_build_object('honours', gone);
END $$;
