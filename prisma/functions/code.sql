-- Devices go with their owner; the handle keeps its secret and its spent steps.
CREATE OR REPLACE FUNCTION code_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE device SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  UPDATE device_handle SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
