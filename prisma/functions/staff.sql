-- The working staff row of the actor, at a till of the own store where one is named, or a refusal.
CREATE OR REPLACE FUNCTION staff_at_till(actor uuid, till text) RETURNS staff
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF till IS NOT NULL AND NOT EXISTS (SELECT 1 FROM till t WHERE t.store_id = own.store_id AND t.till_id = till) THEN
    PERFORM refuse('TILL_UNKNOWN');
  END IF;
  RETURN own;
END $$;

-- The working operator who asks, kept from leaving or being merged until this is written.
CREATE OR REPLACE FUNCTION staff_operator(actor uuid) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF own.role <> 'operator' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "operator"}'); END IF;
  RETURN own;
END $$;

-- Whether another operator works here who could decide about these people instead.
CREATE OR REPLACE FUNCTION staff_has_other(own staff, people uuid[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM staff s WHERE s.role = 'operator' AND s.ended_at IS NULL AND s.member_id <> own.member_id
    AND s.member_id <> ALL (people))
$$;

-- A job goes with the person; two present jobs cannot become one by themselves, a former one makes room. {from, to}
CREATE OR REPLACE FUNCTION staff_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  before jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM staff WHERE member_id = src) THEN RETURN '{}'; END IF;
  IF (SELECT count(*) FROM staff WHERE member_id IN (src, dst) AND ended_at IS NULL) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  SELECT jsonb_object_agg(CASE member_id WHEN src THEN 'theirs' ELSE 'own' END, to_jsonb(staff)) INTO before
    FROM staff WHERE member_id IN (src, dst);
  DELETE FROM staff former USING staff kept
    WHERE former.member_id IN (src, dst) AND kept.member_id IN (src, dst)
      AND (former.ended_at, former.member_id) < (coalesce(kept.ended_at, 'infinity'), kept.member_id);
  UPDATE staff SET member_id = dst WHERE member_id = src;
  RETURN jsonb_build_object('moved', before);
END $$;

-- The job goes back as it is by now, and a former one that had made room is there again. One that was followed by another job
-- since comes back as ended. {from, to, at, moved: {theirs, own?}}
CREATE OR REPLACE FUNCTION staff_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  theirs staff := jsonb_populate_record(NULL::staff, call->'moved'->'theirs');
  own staff := jsonb_populate_record(NULL::staff, call->'moved'->'own');
  held staff;
BEGIN
  IF theirs.member_id IS NULL THEN RETURN '{}'; END IF;
  SELECT * INTO held FROM staff WHERE member_id = src;
  IF (held.staff_no, held.store_id, held.since) = (theirs.staff_no, theirs.store_id, theirs.since) THEN
    UPDATE staff SET member_id = dst WHERE member_id = src;
    IF own.member_id IS NOT NULL THEN INSERT INTO staff SELECT own.*; END IF;
  ELSE
    theirs.ended_at := coalesce(theirs.ended_at, (call->>'at')::timestamptz);
    INSERT INTO staff SELECT theirs.*;
  END IF;
  RETURN '{}';
END $$;
