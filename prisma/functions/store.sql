-- A job goes with the person; two jobs cannot become one by themselves.
CREATE OR REPLACE FUNCTION store_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM staff WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid)) = 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "two_jobs"}');
  END IF;
  UPDATE staff SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  RETURN '{}';
END $$;
