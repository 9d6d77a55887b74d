-- Signed-in places go with their record, and back with it.

-- `own` are the survivor's: what is neither of the two lists at an undo was signed in since. {from, to, at}
CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  own jsonb;
  went jsonb;
  live int;
BEGIN
  SELECT jsonb_agg(session_id) INTO own FROM session WHERE member_id = dst AND revoked_at IS NULL;
  WITH moving AS (UPDATE session SET member_id = dst WHERE member_id = src RETURNING *)
  SELECT jsonb_agg(session_id), count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > (call->>'at')::timestamptz)
    INTO went, live FROM moving;
  RETURN CASE WHEN own IS NULL AND went IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('sessions', went, 'own', own))) END
    || CASE WHEN live > 0 THEN jsonb_build_object('came', jsonb_build_object('sessions', live)) ELSE '{}' END;
END $$;

-- Each phone is its own record's again. Which of the two people signed in somewhere since nobody knows: those places end, or one
-- would stay signed in as the other. {from, to, at, moved}
CREATE OR REPLACE FUNCTION session_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  live int;
  ended int;
BEGIN
  WITH moving AS (UPDATE session SET member_id = (call->>'to')::uuid
    WHERE member_id = src AND session_id = ANY (uuid_list(call->'moved'->'sessions')) RETURNING *)
  SELECT count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > now_at) INTO live FROM moving;
  WITH ending AS (UPDATE session SET revoked_at = now_at, revoked_reason = 'separated'
    WHERE member_id = src AND revoked_at IS NULL AND session_id <> ALL (uuid_list(call->'moved'->'own')) RETURNING *)
  SELECT count(*) FILTER (WHERE expires_at > now_at) INTO ended FROM ending;
  RETURN CASE WHEN live > 0 THEN jsonb_build_object('back', jsonb_build_object('sessions', live)) ELSE '{}' END
    || CASE WHEN ended > 0 THEN jsonb_build_object('lost', jsonb_build_array(
      jsonb_build_object('kind', 'session_ended', 'why', 'since', 'count', ended))) ELSE '{}' END;
END $$;

-- A place that is not signed out, for somebody whose token may name an earlier owner; in one look, for a merge may be moving it.
-- {memberId, sessionId} → {memberId, generation, rotatedAt, expiresAt} or NULL
CREATE OR REPLACE FUNCTION session_find(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('memberId', s.member_id, 'generation', s.generation, 'rotatedAt', iso_text(s.rotated_at),
      'expiresAt', iso_text(s.expires_at))
    FROM merge_heirs((call->>'memberId')::uuid) heir
    JOIN session s ON s.member_id = heir AND s.session_id = (call->>'sessionId')::uuid AND s.revoked_at IS NULL
$$;

-- Whether this place is still signed in; asked by every member every few seconds, so it is not asked through Prisma.
-- {memberId, sessionId} → boolean
CREATE OR REPLACE FUNCTION session_live(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(EXISTS (SELECT 1 FROM session WHERE member_id = (call->>'memberId')::uuid
    AND session_id = (call->>'sessionId')::uuid AND revoked_at IS NULL));
END $$;
