-- Switches something on or off that is up to the member. {request, memberId, document, version, on, at} → {on}
CREATE OR REPLACE FUNCTION consent_set(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold((call->>'memberId')::uuid);
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    VALUES ((call->>'memberId')::uuid, call->>'document', call->>'version', now_at, CASE WHEN (call->>'on')::boolean THEN NULL ELSE now_at END)
    ON CONFLICT (member_id, document, version) DO UPDATE SET
      granted_at = CASE WHEN excluded.withdrawn_at IS NULL AND consent.withdrawn_at IS NOT NULL THEN now_at ELSE consent.granted_at END,
      withdrawn_at = CASE WHEN excluded.withdrawn_at IS NULL THEN NULL ELSE coalesce(consent.withdrawn_at, now_at) END;
  RETURN request_end(call->'request', jsonb_build_object('on', call->'on'));
END $$;

-- Whether what is shown may be chosen by what is known of a member; it is, until it was switched off.
CREATE OR REPLACE FUNCTION consent_personal(who uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM consent WHERE member_id = who AND document = 'personal_offers' AND withdrawn_at IS NOT NULL)
$$;

-- Uses up a one-time link; false when it has been used. {command: as for request_end, whose requestId is the link's}
CREATE OR REPLACE FUNCTION export_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF request_begin(call->'command') IS NOT NULL THEN RETURN '{"spent": false}'; END IF;
  PERFORM request_end(call->'command', '{}');
  RETURN '{"spent": true}';
END $$;
