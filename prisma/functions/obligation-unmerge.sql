-- What two records had done for the brand is each one's own again.

-- Where the survivor went on since with what was the other's, the steps and hand-ins made since stay with the survivor, and the separated
-- record gets what it had. What was decided or taken back since is as it is by now. {from, to, at, moved} → {back, restored}
CREATE OR REPLACE FUNCTION obligation_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  pair jsonb;
  restored jsonb := '[]';
  duties int;
  honours jsonb;
BEGIN
  UPDATE obligation_instance SET member_id = dst WHERE member_id = src AND instance_id = ANY (uuid_list(moved->'instances'));
  UPDATE obligation_proof SET member_id = dst WHERE member_id = src AND proof_id = ANY (uuid_list(moved->'proofs'));
  UPDATE obligation_submission SET member_id = dst WHERE member_id = src AND submission_id = ANY (uuid_list(moved->'submissions'));
  FOR pair IN SELECT value FROM jsonb_array_elements(moved->'pairs') LOOP
    restored := restored || obligation_part(call, jsonb_populate_record(NULL::obligation_instance, pair->'theirs'),
      jsonb_populate_record(NULL::obligation_instance, nullif(pair->'own', 'null')));
  END LOOP;
  SELECT count(*) INTO duties FROM obligation_instance WHERE member_id = dst AND state <> 'superseded';
  -- merges of the release before kept the honours in this journal
  IF moved ? 'honours' THEN honours := honour_unmerge(call); END IF;
  RETURN jsonb_build_object('restored', restored,
    'back', jsonb_strip_nulls(jsonb_build_object('obligations', nullif(duties, 0))) || coalesce(honours->'back', '{}'));
END $$;

-- Takes two undertakings of one obligation apart. → what is restored
CREATE OR REPLACE FUNCTION obligation_part(call jsonb, theirs obligation_instance, own obligation_instance) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  held obligation_instance;
  lost obligation_instance;
  went_on boolean;
BEGIN
  -- the one of the two that stayed, as it is by now
  SELECT * INTO held FROM obligation_instance WHERE (member_id, instance_id) IN ((theirs.member_id, theirs.instance_id), (src, own.instance_id))
    AND state <> 'superseded';
  IF held.instance_id = theirs.instance_id THEN
    lost := own;
    went_on := EXISTS (SELECT 1 FROM obligation_proof WHERE member_id = src AND instance_id = held.instance_id)
      OR EXISTS (SELECT 1 FROM obligation_submission WHERE member_id = src AND instance_id = held.instance_id);
    IF held.state IN ('approved', 'rewarded', 'clawed_back') AND obligation_next(theirs.state, 'proof') IS NOT NULL THEN
      PERFORM obligation_leave(call, held, theirs, own);
    ELSIF went_on THEN
      PERFORM obligation_go_on(call, held, theirs, own);
    ELSE
      PERFORM obligation_untie(held, theirs);
      PERFORM obligation_revive(own);
    END IF;
  ELSE
    lost := theirs;
    PERFORM obligation_untie(held, own);
    PERFORM obligation_revive(theirs);
  END IF;
  PERFORM obligation_even(member_id, instance_id) FROM obligation_instance WHERE member_id IN (src, theirs.member_id)
    AND obligation_id = theirs.obligation_id AND state IN ('accepted', 'in_progress', 'submitted', 'rejected');
  RETURN CASE WHEN lost.instance_id IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('kind', 'obligation_superseded',
    'title', (SELECT title FROM obligation o WHERE o.obligation_id = lost.obligation_id), 'progress', lost.progress)) END;
END $$;

-- One that stayed is as it is by now; only what it had from the other one goes.
CREATE OR REPLACE FUNCTION obligation_untie(held obligation_instance, was obligation_instance) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation_instance SET accepted_at = was.accepted_at,
      last_proof_at = CASE WHEN held.progress > was.progress THEN last_proof_at ELSE was.last_proof_at END
    WHERE member_id = held.member_id AND instance_id = held.instance_id
$$;

-- One that was superseded is again what it was, less what was taken back from it since.
CREATE OR REPLACE FUNCTION obligation_revive(was obligation_instance) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation_instance i SET accepted_at = was.accepted_at, last_proof_at = was.last_proof_at, finished_at = was.finished_at,
      state = CASE WHEN obligation_fell(was, i.progress, o.target) THEN 'clawed_back' ELSE was.state END,
      reason = CASE WHEN obligation_fell(was, i.progress, o.target) THEN 'taken_back' ELSE was.reason END
    FROM obligation o WHERE i.member_id = was.member_id AND i.instance_id = was.instance_id AND o.obligation_id = i.obligation_id
$$;

-- Whether one that was done has fallen below its goal since.
CREATE OR REPLACE FUNCTION obligation_fell(was obligation_instance, progress int, target int) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT obligation_next(was.state, 'claw_back') IS NOT NULL AND progress < least(was.progress, target) $$;

-- What was finished since with what was the other's stays the survivor's as it is, for its reward was given under its name; the other's
-- goes on under a new one.
CREATE OR REPLACE FUNCTION obligation_leave(call jsonb, held obligation_instance, theirs obligation_instance, own obligation_instance)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  named uuid := uuid_v7((call->>'at')::timestamptz);
BEGIN
  -- a hand-in that was decided since was a step of what stays
  UPDATE obligation_submission SET member_id = src WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id
    AND decided_at > (call->>'mergedAt')::timestamptz;
  UPDATE obligation_instance SET member_id = src, accepted_at = coalesce(own.accepted_at, accepted_at)
    WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
  -- the journal was written before the merge took any step; what counts again by now is not taken back any more
  INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at, period_key, due_at,
      submitted_at, tries, reason)
    SELECT theirs.member_id, named, theirs.obligation_id, theirs.state, greatest(theirs.progress - count(*), 0), theirs.accepted_at,
        theirs.last_proof_at, held.period_key, held.due_at, theirs.submitted_at, coalesce(theirs.tries, 0), theirs.reason
      FROM obligation_proof WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id
        AND retracted_at >= (call->>'mergedAt')::timestamptz;
  UPDATE obligation_proof SET instance_id = named WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
  UPDATE obligation_submission SET instance_id = named WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
END $$;

-- The survivor went on with what was the other's: the steps and hand-ins since become an undertaking of the survivor's own.
CREATE OR REPLACE FUNCTION obligation_go_on(call jsonb, held obligation_instance, theirs obligation_instance, own obligation_instance)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  mine uuid := coalesce(own.instance_id, uuid_v7((call->>'at')::timestamptz));
  since int;
  again int;
  went int;
BEGIN
  SELECT count(*) INTO went FROM obligation_proof WHERE member_id = src AND instance_id = theirs.instance_id AND retracted_at IS NULL;
  -- what both had counted from one source is one step
  WITH known AS (DELETE FROM obligation_proof p USING obligation_proof q WHERE p.member_id = src AND p.instance_id = theirs.instance_id
    AND q.member_id = src AND q.instance_id = mine AND q.kind = p.kind AND q.source_id = p.source_id RETURNING p.kind, p.source_id, p.retracted_at)
  UPDATE obligation_proof q SET retracted_at = NULL FROM known WHERE q.member_id = src AND q.instance_id = mine AND q.kind = known.kind
    AND q.source_id = known.source_id AND q.retracted_at IS NOT NULL AND known.retracted_at IS NULL;
  GET DIAGNOSTICS again = ROW_COUNT;
  SELECT again + count(*) FILTER (WHERE retracted_at IS NULL) INTO since FROM obligation_proof
    WHERE member_id = src AND instance_id = theirs.instance_id;
  PERFORM obligation_revive(own);
  INSERT INTO obligation_instance AS kept (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at, period_key, due_at)
    VALUES (src, mine, held.obligation_id, CASE WHEN since > 0 THEN 'in_progress' ELSE 'accepted' END, since,
      coalesce(held.last_proof_at, held.accepted_at), CASE WHEN since > 0 THEN held.last_proof_at END, held.period_key, held.due_at)
    ON CONFLICT (member_id, instance_id) DO UPDATE SET progress = kept.progress + since,
      state = CASE WHEN kept.state = 'accepted' AND since > 0 THEN 'in_progress' ELSE kept.state END,
      last_proof_at = CASE WHEN since > 0 THEN held.last_proof_at ELSE kept.last_proof_at END;
  UPDATE obligation_instance SET progress = greatest(progress - went, 0), accepted_at = theirs.accepted_at, last_proof_at = theirs.last_proof_at,
      tries = coalesce(theirs.tries, 0), state = CASE WHEN state = 'in_progress' AND progress <= went THEN 'accepted' ELSE state END
    WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
  UPDATE obligation_proof SET instance_id = mine WHERE member_id = src AND instance_id = theirs.instance_id;
  -- of two that wait the later one is looked at
  UPDATE obligation_submission older SET state = 'rejected', reason = 'other', decided_at = (call->>'at')::timestamptz
    WHERE older.member_id = src AND older.instance_id = mine AND older.state IN ('checking', 'waiting') AND EXISTS (
      SELECT 1 FROM obligation_submission s WHERE s.member_id = src AND s.instance_id = theirs.instance_id AND s.state IN ('checking', 'waiting'));
  UPDATE obligation_submission SET instance_id = mine WHERE member_id = src AND instance_id = theirs.instance_id;
END $$;

-- The state says what lies with it: a hand-in that waits, one that was turned down last, steps, or nothing yet.
CREATE OR REPLACE FUNCTION obligation_even(owner uuid, wanted uuid) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation_instance i SET state = CASE WHEN last.state IN ('checking', 'waiting') THEN 'submitted' WHEN last.state = 'rejected' THEN 'rejected'
      WHEN i.progress > 0 OR i.state = 'in_progress' THEN 'in_progress' ELSE 'accepted' END
    FROM (SELECT (SELECT s.state FROM obligation_submission s WHERE s.member_id = owner AND s.instance_id = wanted
      ORDER BY s.state IN ('checking', 'waiting') DESC, s.submitted_at DESC, s.nth DESC LIMIT 1)) last
    WHERE i.member_id = owner AND i.instance_id = wanted
$$;
