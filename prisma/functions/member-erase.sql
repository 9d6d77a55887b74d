-- Everything that says who somebody was. What is left of the person is a member id that leads to nobody.

-- Who, by which ways, called what, since when wanted: all of it goes, of every record of the person. Printed numbers stay reserved and
-- belong to nobody, so that none is ever given to somebody else and none leads to what was bought. That there was an agreement,
-- and that it ended, is kept: without a name it is all that shows that it was asked for.
CREATE OR REPLACE FUNCTION member_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  records uuid[] := erase_records(call);
BEGIN
  DELETE FROM identity WHERE member_id = ANY (records);
  DELETE FROM former_identity WHERE member_id = ANY (records);
  DELETE FROM member_tag WHERE member_id = ANY (records);
  DELETE FROM claim WHERE member_id = ANY (records) OR holder_id = ANY (records);
  DELETE FROM kept_apart WHERE member_id = ANY (records) OR other_id = ANY (records);
  UPDATE member_no SET member_id = '00000000-0000-0000-0000-000000000000' WHERE member_id = ANY (records);
  UPDATE consent SET withdrawn_at = (call->>'at')::timestamptz WHERE member_id = ANY (records) AND withdrawn_at IS NULL;
  UPDATE member SET name_sealed = NULL, birth_month = NULL, birth_day = NULL, birth_set_at = NULL, member_no = '8000000000000000', join_link = NULL,
      join_store_id = NULL, join_scene = NULL, join_article = NULL, join_risk = NULL WHERE member_id = ANY (records);
  UPDATE member SET status = 'cancelled' WHERE member_id = (call->>'memberId')::uuid;
  DELETE FROM request r USING unnest(records) record WHERE r.actor = 'm:' || record;
  DELETE FROM sms_code WHERE phone_hash IN (SELECT jsonb_array_elements_text(call->'smsHashes'));
  RETURN '{}';
END $$;

-- What somebody wrote beside a merge goes; that there was one stays with the books that it moved.
CREATE OR REPLACE FUNCTION merge_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  records uuid[] := erase_records(call);
BEGIN
  UPDATE merge_undo SET note = '' WHERE note <> '' AND merge_id IN (
    SELECT merge_id FROM merge_record WHERE member_id = ANY (records) OR other_id = ANY (records));
  UPDATE merge_record SET note = NULL WHERE note IS NOT NULL AND (member_id = ANY (records) OR other_id = ANY (records));
  RETURN '{}';
END $$;

-- Phones that showed the code, with their secrets: a code that is still on a screen finds nobody.
CREATE OR REPLACE FUNCTION code_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM device WHERE member_id = ANY (erase_records(call)) RETURNING handle)
  DELETE FROM device_handle h USING gone WHERE h.handle = gone.handle;
  SELECT '{}'::jsonb
$$;

CREATE OR REPLACE FUNCTION session_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM session WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- When somebody stood where; a purchase names its shop itself.
CREATE OR REPLACE FUNCTION visit_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM visit WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;

-- Nothing more is sent, and nothing is left of what was.
CREATE OR REPLACE FUNCTION outbox_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM outbox_message WHERE member_id = ANY (erase_records(call));
  DELETE FROM message_consent WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;
