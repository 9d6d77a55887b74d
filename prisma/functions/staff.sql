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

-- A job goes with the person; two jobs cannot become one by themselves.
CREATE OR REPLACE FUNCTION staff_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM staff WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid)) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  UPDATE staff SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  RETURN '{}';
END $$;
