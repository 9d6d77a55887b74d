-- Pictures that members hand in. Bytes lie outside the database under a key; a row is written after its bytes and loses its key
-- before they go, so what a process that dies leaves behind is at most a file without a row, which a job removes.

-- Keeps the row of a picture whose bytes lie there. The same picture sent again within the hour, as by a phone that missed the answer,
-- is the row there is. {memberId, uploadId, mime, bytes, width, height, sha256, storageKey, dayStart, perDay, at}
-- → {uploadId, storageKey, state}; refuses UPLOAD_LIMIT {limit}
CREATE OR REPLACE FUNCTION upload_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  kept upload;
BEGIN
  PERFORM member_hold(who);
  SELECT * INTO kept FROM upload WHERE member_id = who AND sha256 = call->>'sha256' AND used_by IS NULL
    AND state IN ('checking', 'passed', 'doubtful') AND created_at > now_at - interval '1 hour' ORDER BY upload_id LIMIT 1;
  IF NOT FOUND THEN
    IF (SELECT count(*) FROM upload WHERE member_id = who AND created_at >= (call->>'dayStart')::timestamptz) >= (call->>'perDay')::int THEN
      PERFORM refuse('UPLOAD_LIMIT', jsonb_build_object('limit', call->'perDay'));
    END IF;
    INSERT INTO upload (member_id, upload_id, mime, bytes, width, height, sha256, storage_key, state, created_at)
      VALUES (who, (call->>'uploadId')::uuid, call->>'mime', (call->>'bytes')::int, (call->>'width')::int, (call->>'height')::int,
        call->>'sha256', call->>'storageKey', 'checking', now_at) RETURNING * INTO kept;
  END IF;
  RETURN jsonb_build_object('uploadId', kept.upload_id, 'storageKey', kept.storage_key, 'state', kept.state);
END $$;

-- Notes that WeChat was asked, and under what name it will answer; no name for an asking that failed. → whether it still waits
CREATE OR REPLACE FUNCTION upload_asked(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  -- the record may have been merged while WeChat was asked
  UPDATE upload SET trace_id = coalesce(call->>'traceId', trace_id), tries = least(tries + 1, 32767)
    WHERE upload_id = (call->>'uploadId')::uuid AND state = 'checking' AND member_id IN ((call->>'memberId')::uuid,
      (SELECT merged_into FROM member WHERE member_id = (call->>'memberId')::uuid));
  RETURN to_jsonb(FOUND);
END $$;

-- What was found: WeChat's word, or that it gave none in time. The first word of WeChat counts, also after the time; a refused picture loses
-- its key. {memberId, uploadId, verdict: passed | doubtful | refused, label?, at, along}
-- → {state, storageKey: of bytes to remove} or NULL when it was decided before
CREATE OR REPLACE FUNCTION upload_checked(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  was upload;
BEGIN
  PERFORM member_hold(who);
  SELECT * INTO was FROM upload WHERE member_id = who AND upload_id = (call->>'uploadId')::uuid FOR UPDATE;
  IF NOT FOUND OR NOT (was.state = 'checking' OR (was.state = 'doubtful' AND was.label IS NULL AND call->>'label' IS NOT NULL)) THEN
    RETURN NULL;
  END IF;
  UPDATE upload SET state = call->>'verdict', label = (call->>'label')::int, checked_at = (call->>'at')::timestamptz,
      storage_key = CASE WHEN call->>'verdict' <> 'refused' THEN storage_key END
    WHERE member_id = who AND upload_id = was.upload_id;
  PERFORM run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args}', step->'args' || jsonb_build_object('memberId', who, 'usedBy', was.used_by)) ORDER BY nth)
    FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
  RETURN jsonb_build_object('state', call->>'verdict', 'storageKey', CASE WHEN call->>'verdict' = 'refused' THEN was.storage_key END);
END $$;

-- Puts pictures under a hand-in. What `formerly` showed, as a hand-in that came back, may be shown again. The caller holds the member.
-- {memberId, uploadIds, usedBy, formerly?: [uuid]} → [{uploadId, state: checking | passed | doubtful}] in the order given
-- Refuses CONTENT_REFUSED for one that was found forbidden, UPLOAD_GONE for one that is removed, used elsewhere or somebody else's.
CREATE OR REPLACE FUNCTION upload_use(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  hand_in uuid := (call->>'usedBy')::uuid;
  ids uuid[] := coalesce(uuid_list(call->'uploadIds'), '{}');
  taken int;
BEGIN
  PERFORM 1 FROM upload WHERE member_id = who AND upload_id = ANY (ids) ORDER BY upload_id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM upload WHERE member_id = who AND upload_id = ANY (ids) AND state = 'refused') THEN
    PERFORM refuse('CONTENT_REFUSED');
  END IF;
  UPDATE upload SET used_by = hand_in WHERE member_id = who AND upload_id = ANY (ids) AND state IN ('checking', 'passed', 'doubtful')
    AND (used_by IS NULL OR used_by = hand_in OR used_by = ANY (uuid_list(call->'formerly')));
  GET DIAGNOSTICS taken = ROW_COUNT;
  IF taken <> (SELECT count(DISTINCT id) FROM unnest(ids) id) THEN PERFORM refuse('UPLOAD_GONE'); END IF;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('uploadId', u.upload_id, 'state', u.state) ORDER BY nth), '[]')
    FROM unnest(ids) WITH ORDINALITY wished (id, nth) JOIN upload u ON u.member_id = who AND u.upload_id = wished.id);
END $$;

-- A picture that nobody used goes. {memberId, uploadId, before} → {storageKey} or NULL when it is used or gone
CREATE OR REPLACE FUNCTION upload_drop(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  was upload;
BEGIN
  SELECT * INTO was FROM upload WHERE member_id = (call->>'memberId')::uuid AND upload_id = (call->>'uploadId')::uuid
    AND used_by IS NULL AND storage_key IS NOT NULL AND created_at < (call->>'before')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE upload SET state = 'removed', storage_key = NULL WHERE member_id = was.member_id AND upload_id = was.upload_id;
  RETURN jsonb_build_object('storageKey', was.storage_key);
END $$;

-- WeChat says that somebody took back the pictures they had let us see: rows stay as the note that there was one, and lose their keys.
-- Whoever shows one is told as of a looked at one, with the verdict `removed`. {appid, openid, at, along} → {storageKeys: of bytes to remove}
CREATE OR REPLACE FUNCTION upload_withdraw(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := member_of_openid(call);
  was upload;
  keys jsonb := '[]';
BEGIN
  FOR was IN SELECT * FROM upload WHERE member_id = who AND storage_key IS NOT NULL ORDER BY upload_id FOR UPDATE LOOP
    UPDATE upload SET state = 'removed', storage_key = NULL WHERE member_id = who AND upload_id = was.upload_id;
    PERFORM run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args}', step->'args' || jsonb_build_object('memberId', who, 'usedBy', was.used_by)) ORDER BY nth)
      FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
    keys := keys || to_jsonb(was.storage_key);
  END LOOP;
  RETURN jsonb_build_object('storageKeys', keys);
END $$;

-- Rows go with their record; the bytes stay where they lie, for their key names nobody. {from, to}
CREATE OR REPLACE FUNCTION upload_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  went jsonb;
BEGIN
  WITH moving AS (UPDATE upload SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid RETURNING upload_id)
  SELECT jsonb_agg(upload_id) INTO went FROM moving;
  RETURN CASE WHEN went IS NULL THEN '{}' ELSE jsonb_build_object('moved', jsonb_build_object('uploads', went),
    'came', jsonb_build_object('uploads', jsonb_array_length(went))) END;
END $$;

-- {from, to, moved}
CREATE OR REPLACE FUNCTION upload_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  went int;
BEGIN
  UPDATE upload SET member_id = (call->>'to')::uuid
    WHERE member_id = (call->>'from')::uuid AND upload_id = ANY (uuid_list(call->'moved'->'uploads'));
  GET DIAGNOSTICS went = ROW_COUNT;
  RETURN CASE WHEN went > 0 THEN jsonb_build_object('back', jsonb_build_object('uploads', went)) ELSE '{}' END;
END $$;

-- Rows go; whoever erases has read their keys and removes the bytes after. {records}
CREATE OR REPLACE FUNCTION upload_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM upload WHERE member_id = ANY (erase_records(call));
  RETURN '{}';
END $$;
