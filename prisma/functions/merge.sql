-- Two records become one person, and two again. Each noun moves its own rows with <noun>_merge and brings them back with
-- <noun>_unmerge; what runs here only walks the lists that the server gives, keeps the journal and adds up what was said.
-- Protects I-ID2, I-ID4, I-ID5: one transaction, both records locked in id order, a preview that is the deed itself, rolled back.

-- What stands in the way of a merge, each with a name. {from, to} → [{blocker}]
CREATE OR REPLACE FUNCTION merge_blockers(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH pair AS (SELECT * FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid))
  SELECT coalesce(jsonb_agg(jsonb_build_object('blocker', blocker)), '[]') FROM (
    SELECT 'same_record' AS blocker WHERE call->>'from' = call->>'to'
    -- nobody decides over their own points
    UNION ALL SELECT 'own_record' WHERE call->>'staffId' IN (call->>'from', call->>'to')
    UNION ALL SELECT 'already_merged' WHERE EXISTS (SELECT 1 FROM pair WHERE status = 'merged')
    UNION ALL SELECT 'not_active' WHERE EXISTS (SELECT 1 FROM pair WHERE status NOT IN ('active', 'merged')) OR NOT EXISTS (SELECT 1 FROM pair)
    UNION ALL SELECT 'leaving' WHERE EXISTS (SELECT 1 FROM cancellation c JOIN pair USING (member_id) WHERE c.state = 'asked')
    UNION ALL SELECT 'two_jobs' WHERE (SELECT count(*) FROM staff s JOIN pair USING (member_id) WHERE s.ended_at IS NULL) > 1) named
$$;

-- What somebody who decides should know, though it stops nothing. {from, to} → [{warning}]
CREATE OR REPLACE FUNCTION merge_warnings(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('warning', warning)), '[]') FROM (
    -- whatever records these were separated as
    SELECT 'kept_apart' AS warning WHERE EXISTS (SELECT 1 FROM member a JOIN kept_apart k USING (member_id) JOIN member b ON b.member_id = k.other_id
      WHERE (a.member_id = (call->>'from')::uuid OR a.merged_into = (call->>'from')::uuid)
        AND (b.member_id = (call->>'to')::uuid OR b.merged_into = (call->>'to')::uuid))
    UNION ALL SELECT 'two_wechats' WHERE EXISTS (SELECT 1 FROM identity a JOIN identity b USING (kind, issuer)
      WHERE a.member_id = (call->>'from')::uuid AND b.member_id = (call->>'to')::uuid AND kind IN ('wechat_openid', 'wechat_unionid'))) named
$$;

-- The merge itself. {mergeId, from, to, at, because, staffId, storeId, note, steps: [function names], and what the steps want}
-- → {points, growth, came, reversed}: what the other record brought, and what the merge undid
CREATE OR REPLACE FUNCTION merge_run(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  step text;
  answer jsonb;
  came jsonb := '{}';
  reversed jsonb := '[]';
BEGIN
  -- an older server beside this one names no step of pictures and news: it would leave them behind
  IF call->'steps' ? 'referral_merge' AND NOT call->'steps' ?& ARRAY['upload_merge', 'article_merge'] THEN PERFORM refuse('BUSY'); END IF;
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'steps') LOOP
    EXECUTE format('SELECT %I($1)', step) INTO answer USING call;
    INSERT INTO merge_step (member_id, merge_id, step, moved)
      SELECT (call->>'to')::uuid, (call->>'mergeId')::uuid, step, answer->'moved' WHERE answer ? 'moved';
    came := came || coalesce(answer->'came', '{}');
    reversed := reversed || coalesce(answer->'reversed', '[]');
  END LOOP;
  INSERT INTO merge_record (member_id, merge_id, other_id, because, staff_id, store_id, note, nth, summary, at)
    VALUES ((call->>'to')::uuid, (call->>'mergeId')::uuid, (call->>'from')::uuid, call->>'because', (call->>'staffId')::uuid,
            call->>'storeId', call->>'note',
            (SELECT coalesce(max(nth), 0) + 1 FROM merge_record WHERE member_id IN ((call->>'to')::uuid, (call->>'from')::uuid)),
            jsonb_build_object('came', came, 'reversed', reversed), (call->>'at')::timestamptz);
  RETURN jsonb_build_object('came', came, 'reversed', reversed);
END $$;

-- The merge as it would be, done and rolled back. {as merge_run} → {blockers, warnings, came, reversed, seal}: `seal` names what
-- was seen, so that the deed can be refused when it would be another.
CREATE OR REPLACE FUNCTION merge_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  blockers jsonb := merge_blockers(call);
  seen jsonb := '{}';
BEGIN
  IF blockers = '[]' THEN
    BEGIN
      seen := merge_run(call);
      RAISE EXCEPTION USING ERRCODE = 'HY002';
    EXCEPTION WHEN SQLSTATE 'HY002' THEN NULL;
    END;
  END IF;
  RETURN jsonb_build_object('blockers', blockers, 'warnings', merge_warnings(call)) || seen || jsonb_build_object('seal', md5(seen::text));
END $$;

-- The merge that was previewed, or nothing. Locks both records, with whoever had come into the other, in id order.
-- {seal, and as merge_run} → as merge_run
CREATE OR REPLACE FUNCTION merge_sealed(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  seen jsonb;
  blockers jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN ((call->>'from')::uuid, (call->>'to')::uuid) OR merged_into = (call->>'from')::uuid
    ORDER BY member_id FOR UPDATE;
  blockers := merge_blockers(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  RETURN seen;
END $$;

-- An operator's merge, once. {command, and as merge_sealed} → as merge_run, and mergeId
CREATE OR REPLACE FUNCTION merge_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  own staff;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  seen := merge_sealed(call);
  PERFORM audit_note(call || jsonb_build_object('request', call->'command'), own, 'merge.merge', call->>'mergeId');
  RETURN request_end(call->'command', seen || jsonb_build_object('mergeId', call->'mergeId'));
END $$;

-- What stands in the way of taking a merge back. → [{blocker, mergeId?}]
CREATE OR REPLACE FUNCTION merge_undo_blockers(done merge_record, now_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  WITH later AS (
    SELECT m.merge_id FROM merge_record m
      WHERE (m.other_id = done.member_id OR m.member_id = done.member_id AND m.nth > done.nth)
        AND NOT EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = m.member_id AND u.merge_id = m.merge_id)
      ORDER BY m.other_id = done.member_id DESC, m.nth DESC LIMIT 1)
  SELECT coalesce(jsonb_agg(named.one), '[]') FROM (
    SELECT jsonb_build_object('blocker', 'undone') AS one
      WHERE EXISTS (SELECT 1 FROM merge_undo u WHERE u.member_id = done.member_id AND u.merge_id = done.merge_id)
    -- what came later builds on it: it has to be taken back first
    UNION ALL SELECT jsonb_build_object('blocker', 'later_merge', 'mergeId', merge_id) FROM later
    UNION ALL SELECT '{"blocker": "not_active"}' WHERE EXISTS (SELECT 1 FROM member
      WHERE member_id IN (done.member_id, done.other_id) AND status = 'cancelled')
    UNION ALL SELECT '{"blocker": "leaving"}' WHERE EXISTS (SELECT 1 FROM cancellation WHERE member_id = done.member_id AND state = 'asked')
    UNION ALL SELECT '{"blocker": "live_hold"}' WHERE EXISTS (SELECT 1 FROM order_hold
      WHERE member_id = done.member_id AND state = 'live' AND expires_at > now_at)) named
$$;

-- Takes a merge back. Locks both records in id order. {mergeId, at, staffId, note, charge, undoSteps: [function names], and what the
-- steps want} → {back, restored, lost}
CREATE OR REPLACE FUNCTION merge_undo_run(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  done merge_record;
  fn text;
  answer jsonb;
  back jsonb := '{}';
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  -- nor can it part what it does not know
  IF EXISTS (SELECT 1 FROM merge_step s WHERE s.member_id = done.member_id AND s.merge_id = done.merge_id
    AND NOT call->'undoSteps' ? regexp_replace(s.step, '_merge$', '_unmerge')) THEN PERFORM refuse('BUSY'); END IF;
  FOR fn IN SELECT value FROM jsonb_array_elements_text(call->'undoSteps') LOOP
    EXECUTE format('SELECT %I($1)', fn) INTO answer USING call || jsonb_build_object(
      'from', done.member_id, 'to', done.other_id, 'mergedAt', iso_text(done.at),
      'moved', (SELECT moved FROM merge_step s WHERE s.member_id = done.member_id AND s.merge_id = done.merge_id
        AND s.step = regexp_replace(fn, '_unmerge$', '_merge')));
    back := back || coalesce(answer->'back', '{}');
    restored := restored || coalesce(answer->'restored', '[]');
    lost := lost || coalesce(answer->'lost', '[]');
  END LOOP;
  INSERT INTO kept_apart (member_id, other_id, merge_id, at)
    VALUES (done.member_id, done.other_id, done.merge_id, (call->>'at')::timestamptz),
           (done.other_id, done.member_id, done.merge_id, (call->>'at')::timestamptz)
    ON CONFLICT (member_id, other_id) DO NOTHING;
  INSERT INTO merge_undo (member_id, merge_id, staff_id, note, charge, summary, at)
    VALUES (done.member_id, done.merge_id, (call->>'staffId')::uuid, call->>'note', call->>'charge',
            jsonb_build_object('back', back, 'restored', restored, 'lost', lost), (call->>'at')::timestamptz);
  RETURN jsonb_build_object('back', back, 'restored', restored, 'lost', lost);
END $$;

-- The undo as it would be, done and rolled back. {as merge_undo_run} → {blockers, back, restored, lost, seal}
CREATE OR REPLACE FUNCTION merge_undo_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  blockers jsonb := merge_undo_look(call);
  seen jsonb := '{}';
BEGIN
  IF blockers = '[]' THEN
    BEGIN
      seen := merge_undo_run(call);
      RAISE EXCEPTION USING ERRCODE = 'HY002';
    EXCEPTION WHEN SQLSTATE 'HY002' THEN NULL;
    END;
  END IF;
  RETURN jsonb_build_object('blockers', blockers) || seen || jsonb_build_object('seal', md5(seen::text));
END $$;

-- Locks the two records of a merge, with those that had come into them, and says what stands in the way of taking it back. Proofs come
-- before records, as at a sign-in: one that has just found its person here ends before there are two. {mergeId, at}
CREATE OR REPLACE FUNCTION merge_undo_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  done merge_record;
BEGIN
  SELECT * INTO done FROM merge_record WHERE merge_id = (call->>'mergeId')::uuid;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "merge"}'); END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1)) FROM (SELECT concat_ws('|', kind, issuer, subject) AS proof FROM identity
    WHERE member_id = done.member_id ORDER BY concat_ws('|', kind, issuer, subject) COLLATE "C") held;
  PERFORM 1 FROM member WHERE member_id IN (done.member_id, done.other_id) OR merged_into = done.member_id ORDER BY member_id FOR UPDATE;
  IF call->>'staffId' IN (done.member_id::text, done.other_id::text) THEN RETURN '[{"blocker": "own_record"}]'; END IF;
  RETURN merge_undo_blockers(done, (call->>'at')::timestamptz);
END $$;

-- An operator takes a merge back: what was previewed, or nothing. {command, seal, and as merge_undo_run} → as merge_undo_run
CREATE OR REPLACE FUNCTION merge_undo_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  answer jsonb;
  seen jsonb;
  blockers jsonb;
  own staff;
BEGIN
  answer := request_begin(call->'command');
  IF answer IS NOT NULL THEN RETURN answer; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  blockers := merge_undo_look(call);
  IF blockers <> '[]' THEN PERFORM refuse('MERGE_BLOCKED', blockers->0); END IF;
  seen := merge_undo_run(call);
  IF md5(seen::text) <> call->>'seal' THEN PERFORM refuse('PREVIEW_CHANGED'); END IF;
  PERFORM audit_note(call || jsonb_build_object('request', call->'command'), own, 'merge.undo', call->>'mergeId');
  RETURN request_end(call->'command', seen);
END $$;

-- Journals only grow; only the words of a note may go, when the person they are about leaves.
CREATE OR REPLACE FUNCTION merge_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' AND coalesce(to_jsonb(NEW)->>'note', '') = '' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER merge_record_keep BEFORE UPDATE OR DELETE ON merge_record
  FOR EACH ROW EXECUTE FUNCTION merge_keep();
CREATE OR REPLACE TRIGGER merge_step_keep BEFORE UPDATE OR DELETE ON merge_step
  FOR EACH ROW EXECUTE FUNCTION merge_keep();
CREATE OR REPLACE TRIGGER merge_undo_keep BEFORE UPDATE OR DELETE ON merge_undo
  FOR EACH ROW EXECUTE FUNCTION merge_keep();
