CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE session SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- Whether this place is still signed in; asked by every member every few seconds, so it is not asked through Prisma.
-- {memberId, sessionId} → boolean
CREATE OR REPLACE FUNCTION session_live(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(EXISTS (SELECT 1 FROM session WHERE member_id = (call->>'memberId')::uuid
    AND session_id = (call->>'sessionId')::uuid AND revoked_at IS NULL));
END $$;
