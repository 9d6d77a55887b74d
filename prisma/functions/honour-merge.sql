-- What two records wear, put together and taken apart again.

-- {from, to, at}; the journal is {honours, ownHonours: rows as they were}
CREATE OR REPLACE FUNCTION honour_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb;
  came int;
BEGIN
  SELECT jsonb_build_object('honours', jsonb_agg(to_jsonb(theirs) ORDER BY theirs.honour_id),
      'ownHonours', jsonb_agg(to_jsonb(own) ORDER BY own.honour_id) FILTER (WHERE own.member_id IS NOT NULL)), count(*) INTO moved, came
    FROM honour_held theirs LEFT JOIN honour_held own ON own.member_id = dst AND own.honour_id = theirs.honour_id
    WHERE theirs.member_id = src;
  IF came = 0 THEN RETURN '{}'; END IF;
  PERFORM honour_join(theirs, dst, (call->>'at')::timestamptz) FROM honour_held theirs WHERE theirs.member_id = src;
  DELETE FROM honour_held WHERE member_id = src;
  RETURN jsonb_build_object('moved', jsonb_strip_nulls(moved), 'came', jsonb_build_object('honours', came));
END $$;

-- Of two the one that is worn stays, and of two that are worn the one that nobody was warned about, for the longer term of both.
-- On the wall stands only what the survivor put there: the other's name is no longer on a card.
CREATE OR REPLACE FUNCTION honour_join(theirs honour_held, dst uuid, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  own honour_held;
  kept honour_held := theirs;
  both_worn boolean;
BEGIN
  SELECT * INTO own FROM honour_held WHERE member_id = dst AND honour_id = theirs.honour_id;
  both_worn := least(coalesce(theirs.expires_at, 'infinity'), coalesce(own.expires_at, 'infinity')) > now_at AND own.member_id IS NOT NULL;
  IF own.member_id IS NOT NULL AND (coalesce(own.expires_at, 'infinity') > now_at, own.state <> 'warned', coalesce(own.expires_at, 'infinity'))
      >= (coalesce(theirs.expires_at, 'infinity') > now_at, theirs.state <> 'warned', coalesce(theirs.expires_at, 'infinity')) THEN
    kept := own;
  END IF;
  kept.member_id := dst;
  kept.granted_at := least(theirs.granted_at, own.granted_at);
  kept.wall_at := own.wall_at;
  kept.review_at := now_at;
  IF both_worn THEN
    kept.expires_at := honour_longer(theirs.expires_at, own.expires_at);
    kept.term_ends_at := kept.expires_at;
  END IF;
  DELETE FROM honour_held WHERE member_id = dst AND honour_id = theirs.honour_id;
  INSERT INTO honour_held SELECT kept.*;
END $$;

-- Each wears what was their own; the survivor also what it has earned since. {from, to, mergedAt, moved} → {back}
CREATE OR REPLACE FUNCTION honour_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  theirs honour_held;
  own honour_held;
  back int := 0;
BEGIN
  FOR theirs IN SELECT * FROM jsonb_populate_recordset(NULL::honour_held, call->'moved'->'honours') LOOP
    SELECT * INTO own FROM jsonb_populate_recordset(NULL::honour_held, call->'moved'->'ownHonours') WHERE honour_id = theirs.honour_id;
    PERFORM honour_part(call, theirs.honour_id, own);
    theirs := honour_filled(theirs);
    INSERT INTO honour_held SELECT theirs.*;
    back := back + 1;
  END LOOP;
  RETURN CASE back WHEN 0 THEN '{}' ELSE jsonb_build_object('back', jsonb_build_object('honours', back)) END;
END $$;

-- The survivor's part of an honour that both had, or only the other. Earned since by a finished undertaking, it stays as it is by now;
-- else it is as it was before the merge, but whoever left the wall since does not come back to it.
CREATE OR REPLACE FUNCTION honour_part(call jsonb, which text, own honour_held) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  held honour_held;
  earned_at timestamptz;
BEGIN
  SELECT max(i.finished_at) INTO earned_at FROM obligation_instance i JOIN obligation o USING (obligation_id)
    WHERE i.member_id = src AND i.state IN ('approved', 'rewarded') AND o.honour_id = which AND i.finished_at > (call->>'mergedAt')::timestamptz;
  DELETE FROM honour_held WHERE member_id = src AND honour_id = which RETURNING * INTO held;
  IF earned_at IS NOT NULL THEN
    held.granted_at := coalesce(own.granted_at, earned_at);
    INSERT INTO honour_held SELECT held.*;
  ELSIF own.member_id IS NOT NULL THEN
    own := honour_filled(own);
    own.wall_at := CASE WHEN held.wall_at IS NOT NULL THEN coalesce(own.wall_at, held.wall_at) END;
    INSERT INTO honour_held SELECT own.*;
  END IF;
END $$;

-- A merge of the release before wrote down less.
CREATE OR REPLACE FUNCTION honour_filled(was honour_held) RETURNS honour_held
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF was.state IS NULL THEN was.term_ends_at := was.expires_at; END IF;
  was.state := coalesce(was.state, 'worn');
  was.review_at := coalesce(was.review_at, 'epoch');
  RETURN was;
END $$;
