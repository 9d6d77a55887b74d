-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor. Its name, its tags and
-- what it once was called by stay with it, so that it can stand by itself again; printed numbers keep scanning for ever (I-ID5).

-- Locks both members, and whoever had come into the other one, in id order first. {mergeId, from, to, at, newAfterDays}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  other member;
  own member;
  came int;
  dropped int;
  home uuid;
  moved jsonb;
BEGIN
  -- an older server beside this one knows nothing of coupons, exchanges and friends: it would leave them behind
  IF NOT call ? 'newAfterDays' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM 1 FROM member WHERE member_id IN (src, dst) OR merged_into = src ORDER BY member_id FOR UPDATE;
  -- merged by somebody else meanwhile: the caller looks again who is who
  IF EXISTS (SELECT 1 FROM member WHERE member_id IN (src, dst) AND status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  -- an older server's merge names no merge: what is not kept can never be taken back, so it has to wait for its update
  IF NOT call ? 'mergeId' THEN PERFORM refuse('BUSY'); END IF;
  IF EXISTS (SELECT 1 FROM cancellation WHERE member_id IN (src, dst) AND state = 'asked') THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "leaving"}');
  END IF;
  SELECT * INTO other FROM member WHERE member_id = src;
  SELECT * INTO own FROM member WHERE member_id = dst;
  -- what was attached before homes were written down has not moved since, or nobody can say from where
  UPDATE identity SET member_id = dst, home_id = coalesce(home_id, src) WHERE member_id = src;
  GET DIAGNOSTICS came = ROW_COUNT;
  -- where the older of two phones was attached: it may have come with an earlier merge
  home := (SELECT coalesce(home_id, dst) FROM identity WHERE member_id = dst AND kind = 'phone' ORDER BY proven_at, subject LIMIT 1);
  dropped := member_drop_older_phone(src, dst, (call->>'mergeId')::uuid, now_at);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  moved := jsonb_build_object(
    'signposts', (SELECT coalesce(jsonb_agg(member_id), '[]') FROM member WHERE merged_into = src),
    'phoneHome', CASE WHEN dropped > 0 THEN home END,
    'named', own.name_sealed IS NULL AND other.name_sealed IS NOT NULL,
    'birthday', own.birth_month IS NULL AND other.birth_month IS NOT NULL)
    || member_merge_consents(src, dst) || member_merge_claims(src, dst, now_at);
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at), name_sealed = coalesce(name_sealed, other.name_sealed),
      birth_month = coalesce(birth_month, other.birth_month),
      birth_set_at = CASE WHEN birth_month IS NULL THEN other.birth_set_at ELSE birth_set_at END,
      birth_day = CASE WHEN birth_month IS NULL THEN other.birth_day ELSE birth_day END WHERE member_id = dst;
  UPDATE member SET status = 'merged', merged_into = dst WHERE member_id = src;
  RETURN jsonb_build_object('moved', moved,
    'came', CASE WHEN came > 0 THEN jsonb_build_object('identities', came) ELSE '{}' END,
    'reversed', CASE WHEN dropped > 0 THEN '[{"kind": "phone_dropped"}]'::jsonb ELSE '[]' END);
END $$;

-- A person has one phone here: the newest. → how many went
CREATE OR REPLACE FUNCTION member_drop_older_phone(src uuid, dst uuid, merge uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  dropped int;
BEGIN
  WITH gone AS (
    DELETE FROM identity old USING identity new
      WHERE old.member_id = dst AND new.member_id = dst AND old.kind = 'phone' AND new.kind = 'phone'
        AND (old.proven_at, old.subject) < (new.proven_at, new.subject)
      RETURNING old.*)
  INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, subject_sealed, proven_at, first_at, because, merge_id)
    -- in the record that it was attached to, or that this one had come into
    SELECT CASE WHEN home_id = src OR home_id IN (SELECT member_id FROM member WHERE merged_into = src) THEN src ELSE dst END,
        kind, issuer, subject, now_at, subject_sealed, proven_at, first_at, 'newer_phone', merge FROM gone
    ON CONFLICT (member_id, kind, issuer, subject, ended_at) DO UPDATE SET merge_id = excluded.merge_id;
  GET DIAGNOSTICS dropped = ROW_COUNT;
  RETURN dropped;
END $$;

-- The earlier agreement counts. → {consents: the other record's, consentsBefore: the survivor's own that were changed}
CREATE OR REPLACE FUNCTION member_merge_consents(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb;
BEGIN
  SELECT jsonb_build_object('consents', coalesce(jsonb_agg(to_jsonb(theirs) - 'member_id'), '[]'),
      'consentsBefore', coalesce(jsonb_agg(to_jsonb(own) - 'member_id') FILTER (WHERE own.member_id IS NOT NULL), '[]'))
    INTO moved FROM consent theirs
    LEFT JOIN consent own ON own.member_id = dst AND own.document = theirs.document AND own.version = theirs.version
    WHERE theirs.member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src
    ON CONFLICT (member_id, document, version) DO UPDATE SET granted_at = least(consent.granted_at, excluded.granted_at);
  DELETE FROM consent WHERE member_id = src;
  RETURN moved;
END $$;

-- Claims between the two are settled; the others go along. → {claims, claimsOn: whose holder was the other record}
CREATE OR REPLACE FUNCTION member_merge_claims(src uuid, dst uuid, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := jsonb_build_object(
    'claims', (SELECT coalesce(jsonb_agg(claim_id), '[]') FROM claim WHERE member_id = src),
    'claimsOn', (SELECT coalesce(jsonb_agg(claim_id), '[]') FROM claim WHERE holder_id = src));
BEGIN
  UPDATE claim SET settled_at = now_at
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  RETURN moved;
END $$;

-- The signpost stands by itself again, with what was attached to it or to records that had come into it. What the survivor has
-- proven since stays with the survivor. {mergeId, from, to, at, mergedAt, moved}
CREATE OR REPLACE FUNCTION member_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  homes uuid[];
  went int;
  phones jsonb;
BEGIN
  -- a number that comes back is compared by its hash, and while keys rotate it may lie at somebody else under another one
  PERFORM key_settled();
  homes := ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(moved->'signposts')) || dst;
  UPDATE identity SET member_id = dst WHERE member_id = src AND home_id = ANY (homes);
  GET DIAGNOSTICS went = ROW_COUNT;
  UPDATE member SET status = 'active', merged_into = NULL WHERE member_id = dst;
  UPDATE member SET merged_into = dst WHERE member_id = ANY (homes) AND member_id <> dst;
  UPDATE member_no n SET member_id = dst FROM member m WHERE m.member_id = ANY (homes) AND n.member_no = m.member_no;
  phones := member_bring_back_phones(src, dst, (call->>'mergeId')::uuid, (moved->>'phoneHome')::uuid);
  UPDATE member own SET
      name_sealed = CASE WHEN (moved->>'named')::boolean AND own.name_sealed = other.name_sealed THEN NULL ELSE own.name_sealed END,
      birth_month = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_month END,
      birth_day = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_day END,
      birth_set_at = CASE WHEN (moved->>'birthday')::boolean AND own.birth_month = other.birth_month AND own.birth_day = other.birth_day
        THEN NULL ELSE own.birth_set_at END
    FROM member other WHERE own.member_id = src AND other.member_id = dst;
  PERFORM member_unmerge_papers(src, dst, moved);
  RETURN jsonb_build_object('back', CASE WHEN went > 0 THEN jsonb_build_object('identities', went) ELSE '{}' END) || phones;
END $$;

-- Phones that the merge dropped, each to the record it was of, unless somebody else or a newer one has taken the place. → {restored, lost}
CREATE OR REPLACE FUNCTION member_bring_back_phones(src uuid, dst uuid, merge uuid, home uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  phone former_identity;
  restored jsonb := '[]';
  lost jsonb := '[]';
BEGIN
  FOR phone IN SELECT * FROM former_identity f WHERE f.merge_id = merge AND f.member_id IN (src, dst) ORDER BY f.subject LOOP
    IF EXISTS (SELECT 1 FROM identity i WHERE i.member_id = phone.member_id AND i.kind = 'phone') THEN
      lost := lost || '{"kind": "phone_dropped", "why": "newer"}';
    ELSIF EXISTS (SELECT 1 FROM identity i WHERE (i.kind, i.issuer, i.subject) = (phone.kind, phone.issuer, phone.subject)) THEN
      lost := lost || '{"kind": "phone_dropped", "why": "taken"}';
    ELSE
      INSERT INTO identity (kind, issuer, subject, member_id, home_id, subject_sealed, proven_at, first_at)
        VALUES (phone.kind, phone.issuer, phone.subject, phone.member_id, home, phone.subject_sealed, phone.proven_at, phone.first_at);
      restored := restored || '{"kind": "phone_dropped"}';
      DELETE FROM former_identity f WHERE (f.member_id, f.kind, f.issuer, f.subject, f.ended_at)
        = (phone.member_id, phone.kind, phone.issuer, phone.subject, phone.ended_at);
    END IF;
  END LOOP;
  RETURN jsonb_build_object('restored', restored, 'lost', lost);
END $$;

-- Consents and claims of the other record; a claim between the two stays settled, for somebody has decided.
CREATE OR REPLACE FUNCTION member_unmerge_papers(src uuid, dst uuid, moved jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM jsonb_populate_recordset(NULL::consent, moved->'consents');
  DELETE FROM consent own USING jsonb_populate_recordset(NULL::consent, moved->'consents') theirs
    WHERE own.member_id = src AND own.document = theirs.document AND own.version = theirs.version
      AND own.granted_at = theirs.granted_at AND own.withdrawn_at IS NOT DISTINCT FROM theirs.withdrawn_at
      AND NOT EXISTS (SELECT 1 FROM jsonb_populate_recordset(NULL::consent, moved->'consentsBefore') before
        WHERE before.document = own.document AND before.version = own.version);
  UPDATE consent own SET granted_at = before.granted_at FROM jsonb_populate_recordset(NULL::consent, moved->'consentsBefore') before
    WHERE own.member_id = src AND own.document = before.document AND own.version = before.version;
  UPDATE claim SET member_id = dst WHERE member_id = src
    AND claim_id IN (SELECT value::uuid FROM jsonb_array_elements_text(moved->'claims'));
  UPDATE claim SET holder_id = dst WHERE holder_id = src
    AND claim_id IN (SELECT value::uuid FROM jsonb_array_elements_text(moved->'claimsOn'));
END $$;
