CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE session SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
