-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor.
-- Printed numbers keep scanning for ever (I-ID5). Locks both members in id order first. {from, to, at}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  UPDATE identity SET member_id = dst WHERE member_id = src;
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src ON CONFLICT DO NOTHING;
  DELETE FROM consent WHERE member_id = src;
  UPDATE claim SET settled_at = (call->>'at')::timestamptz
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET status = 'merged', merged_into = dst, name_sealed = NULL WHERE member_id = src;
  UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz),
      name_sealed = coalesce(member.name_sealed, (SELECT name_sealed FROM member WHERE member_id = src)) WHERE member_id = dst;
  RETURN '{}';
END $$;
