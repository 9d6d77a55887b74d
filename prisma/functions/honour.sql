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
  UPDATE honour_held SET expires_at = honour_longer(expires_at, until), term_ends_at = honour_longer(expires_at, until)
    WHERE member_id = (call->>'memberId')::uuid AND honour_id = given.honour_id AND (expires_at IS NULL OR expires_at > now_at);
  IF FOUND THEN RETURN; END IF;
  INSERT INTO honour_held (member_id, honour_id, granted_at, expires_at, term_ends_at, duties_from)
    VALUES ((call->>'memberId')::uuid, given.honour_id, now_at, until, until,
            CASE WHEN given.duty_count > 0 THEN honour_duties_from(now_at) END)
    ON CONFLICT (member_id, honour_id) DO UPDATE SET granted_at = excluded.granted_at, expires_at = excluded.expires_at,
      term_ends_at = excluded.term_ends_at, duties_from = excluded.duties_from, state = 'worn', warned_at = NULL, lapses_at = NULL,
      lapsed_at = NULL, because = NULL, wall_at = NULL;
END $$;

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
