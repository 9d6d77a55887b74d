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

-- A job goes with the person; two present jobs cannot become one by themselves, a former one makes room.
CREATE OR REPLACE FUNCTION staff_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  IF (SELECT count(*) FROM staff WHERE member_id IN (src, dst) AND ended_at IS NULL) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  DELETE FROM staff former USING staff kept
    WHERE former.member_id IN (src, dst) AND kept.member_id IN (src, dst)
      AND (former.ended_at, former.member_id) < (coalesce(kept.ended_at, 'infinity'), kept.member_id);
  UPDATE staff SET member_id = dst WHERE member_id = src;
  RETURN '{}';
END $$;
