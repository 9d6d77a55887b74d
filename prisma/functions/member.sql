-- Serialises everybody who holds one of these proofs just now, in one order for all; a phone is locked under each of its hashes
-- and lies under the caller's from then on. {keys: [text], ring, phones: while keys rotate, see key_guard and key_bring}
CREATE OR REPLACE FUNCTION member_lock_proofs(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  proof text;
BEGIN
  PERFORM key_guard(call->'ring');
  FOR proof IN SELECT value FROM jsonb_array_elements_text(call->'keys') ORDER BY value COLLATE "C" LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1));
  END LOOP;
  IF call ? 'phones' THEN PERFORM key_bring(call->'phones'); END IF;
  RETURN '{}';
END $$;

-- Writes a new person. {memberId, memberNo, nameSealed (base64 or null), at, arrival} → {created} (false: number taken)
CREATE OR REPLACE FUNCTION member_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO member_no (member_no, member_id) VALUES (call->>'memberNo', (call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '{"created": false}'; END IF;
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, join_link, join_store_id, join_scene)
    VALUES ((call->>'memberId')::uuid, call->>'memberNo', decode(call->>'nameSealed', 'base64'), (call->>'at')::timestamptz,
            (call->>'at')::timestamptz, call->'arrival'->>'channel', call->'arrival'->>'link', call->'arrival'->>'storeId',
            (call->'arrival'->>'scene')::int);
  RETURN '{"created": true}';
END $$;

-- Attaches proofs to a member; a phone may come from another member (it was just proven here), nothing else may.
-- Protects I-ID1: the primary key decides. {memberId, at, proofs: [{kind, issuer, subject, sealed}]}
CREATE OR REPLACE FUNCTION member_attach(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  proof jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'active' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  FOR proof IN SELECT value FROM jsonb_array_elements(call->'proofs') LOOP
    IF proof->>'kind' = 'phone' THEN PERFORM member_remember_phones(who, proof->>'subject', now_at); END IF;
    INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
      VALUES (proof->>'kind', proof->>'issuer', proof->>'subject', who, decode(proof->>'sealed', 'base64'), now_at, now_at)
      ON CONFLICT (kind, issuer, subject) DO UPDATE SET proven_at = excluded.proven_at, member_id = excluded.member_id,
          home_id = CASE WHEN identity.member_id = who THEN identity.home_id ELSE excluded.home_id END
        WHERE identity.member_id = who OR identity.kind = 'phone';
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    -- a person has one phone here: the newest
    IF proof->>'kind' = 'phone' THEN
      DELETE FROM identity WHERE kind = 'phone' AND member_id = who AND subject <> proof->>'subject';
    END IF;
  END LOOP;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at) WHERE member_id = who;
  RETURN '{}';
END $$;

-- What an attached phone ends: the older phone of the same person, and this number with whoever had it. Its row is held, so that
-- nothing is remembered of a holder who is leaving at this moment. Each side has its index. It is remembered of the record that it
-- was attached to: after an undone merge it is nobody else's.
CREATE OR REPLACE FUNCTION member_remember_phones(who uuid, number text, now_at timestamptz) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO former_identity (member_id, kind, issuer, subject, ended_at, subject_sealed, proven_at, first_at, because)
    SELECT coalesce(home_id, member_id), kind, issuer, subject, now_at, subject_sealed, proven_at, first_at,
        CASE member_id WHEN who THEN 'newer_phone' ELSE 'moved' END
      FROM identity WHERE (member_id = who AND kind = 'phone' AND subject <> number)
        OR (kind = 'phone' AND issuer = '' AND subject = number AND member_id <> who) ORDER BY subject FOR UPDATE
    ON CONFLICT DO NOTHING
$$;

-- One look at the second proof, counted before it is judged. Looks come one after the other: both members are locked
-- first, in id order like in a merge. {memberId, claimId, at} → {holderId, triesLeft} or NULL
CREATE OR REPLACE FUNCTION member_try_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  look jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (SELECT unnest(ARRAY[c.member_id, c.holder_id]) FROM claim c
      WHERE c.member_id = (call->>'memberId')::uuid AND c.claim_id = (call->>'claimId')::uuid)
    ORDER BY member_id FOR UPDATE;
  UPDATE claim SET tries_left = tries_left - 1
    WHERE member_id = (call->>'memberId')::uuid AND claim_id = (call->>'claimId')::uuid
      AND settled_at IS NULL AND tries_left > 0 AND expires_at > (call->>'at')::timestamptz
    RETURNING jsonb_build_object('holderId', holder_id, 'triesLeft', tries_left) INTO look;
  RETURN look;
END $$;

-- When this person first joined by agreeing: the first WeChat identity or the first consent, on any record that became this
-- one. NULL for a card that nobody has joined with yet.
CREATE OR REPLACE FUNCTION member_new_since(who uuid) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT min(first_at) FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'wechat_unionid')),
    (SELECT min(granted_at) FROM consent WHERE member_id = who))
$$;

-- Holds a member for one verb: verbs of one member come one after the other, and a merge waits or is seen.
CREATE OR REPLACE FUNCTION member_hold(who uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = who FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  IF state IS DISTINCT FROM 'active' THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
END $$;

-- An identity remembers the record that it was attached to, so that an undone merge knows whose it was.
CREATE OR REPLACE FUNCTION identity_home() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.home_id := coalesce(NEW.home_id, NEW.member_id);
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER identity_home BEFORE INSERT ON identity FOR EACH ROW EXECUTE FUNCTION identity_home();
