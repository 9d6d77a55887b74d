-- What two records have done for the brand, put together and taken apart again.

-- Of two undertakings of one obligation the one further along stays, the other is superseded and can give nothing more;
-- the cooldown runs from the later step of both. {from, to, at}; the journal is
-- {instances, proofs: ids that moved, pairs: [{obligationId, theirs, own}]}
CREATE OR REPLACE FUNCTION obligation_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := '{}';
  duties int;
  honours jsonb;
  superseded jsonb := '[]';
  part jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('obligationId', theirs.obligation_id, 'theirs', to_jsonb(theirs), 'own', to_jsonb(own))
      ORDER BY theirs.obligation_id) INTO part
    FROM obligation_instance theirs LEFT JOIN obligation_instance own ON own.member_id = dst AND own.state <> 'superseded'
      AND own.obligation_id = theirs.obligation_id
    WHERE theirs.member_id = src AND theirs.state <> 'superseded';
  IF part IS NOT NULL THEN
    duties := jsonb_array_length(part);
    moved := jsonb_build_object('pairs', part);
    superseded := obligation_join(src, dst);
  END IF;
  WITH went AS (UPDATE obligation_instance SET member_id = dst WHERE member_id = src RETURNING instance_id)
    SELECT jsonb_agg(instance_id) INTO part FROM went;
  IF part IS NOT NULL THEN
    moved := moved || jsonb_build_object('instances', part);
    WITH went AS (UPDATE obligation_proof SET member_id = dst WHERE member_id = src RETURNING proof_id)
      SELECT moved || jsonb_build_object('proofs', coalesce(jsonb_agg(proof_id), '[]')) INTO moved FROM went;
  END IF;
  -- a server of the release before names no step of honours
  IF NOT call->'steps' ? 'honour_merge' THEN
    honours := honour_merge(call);
    moved := moved || coalesce(honours->'moved', '{}');
  END IF;
  RETURN CASE moved WHEN '{}' THEN '{}' ELSE jsonb_build_object('moved', moved) END || jsonb_build_object('reversed', superseded,
    'came', jsonb_strip_nulls(jsonb_build_object('obligations', duties)) || coalesce(honours->'came', '{}'));
END $$;

-- One of each two stays. → the other ones, as what was reversed
CREATE OR REPLACE FUNCTION obligation_join(src uuid, dst uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  ranks text[] := ARRAY['lapsed', 'accepted', 'in_progress', 'approved', 'rewarded'];
  superseded jsonb;
BEGIN
  UPDATE obligation_instance mine SET last_proof_at = greatest(mine.last_proof_at, other.last_proof_at),
      accepted_at = least(mine.accepted_at, other.accepted_at)
    FROM obligation_instance other
    WHERE mine.member_id IN (src, dst) AND other.member_id IN (src, dst) AND other.member_id <> mine.member_id
      AND other.obligation_id = mine.obligation_id AND mine.state <> 'superseded' AND other.state <> 'superseded';
  WITH gone AS (
    UPDATE obligation_instance lost SET state = 'superseded' FROM obligation_instance kept
      WHERE lost.member_id IN (src, dst) AND kept.member_id IN (src, dst) AND kept.member_id <> lost.member_id
        AND kept.obligation_id = lost.obligation_id AND lost.state <> 'superseded' AND kept.state <> 'superseded'
        AND (array_position(ranks, kept.state::text), kept.progress, coalesce(lost.finished_at, 'infinity'), kept.instance_id)
          > (array_position(ranks, lost.state::text), lost.progress, coalesce(kept.finished_at, 'infinity'), lost.instance_id)
      RETURNING lost.*)
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'obligation_superseded', 'title', o.title, 'progress', gone.progress)
      ORDER BY gone.obligation_id), '[]') INTO superseded
    FROM gone JOIN obligation o USING (obligation_id);
  RETURN superseded;
END $$;

-- Each has their own undertakings again. Where the survivor went on since with what was the other's, the progress made since stays
-- with the survivor, and the separated record gets what it had. {from, to, at, moved} → {back, restored}
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
  since int;
BEGIN
  -- the one of the two that stayed, as it is by now
  SELECT * INTO held FROM obligation_instance WHERE (member_id, instance_id) IN ((theirs.member_id, theirs.instance_id), (src, own.instance_id))
    AND state <> 'superseded';
  IF held.instance_id = theirs.instance_id AND held.progress > theirs.progress THEN
    PERFORM obligation_go_on(call, held, theirs, own);
    lost := own;
  ELSE
    PERFORM obligation_set(theirs);
    IF own.instance_id IS NOT NULL AND held.instance_id = own.instance_id AND held.progress > own.progress THEN
      UPDATE obligation_instance SET accepted_at = own.accepted_at WHERE member_id = src AND instance_id = own.instance_id;
    ELSIF own.instance_id IS NOT NULL THEN
      PERFORM obligation_set(own);
    END IF;
    lost := CASE WHEN held.instance_id = theirs.instance_id THEN own ELSE theirs END;
  END IF;
  RETURN CASE WHEN lost.instance_id IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('kind', 'obligation_superseded',
    'title', (SELECT title FROM obligation o WHERE o.obligation_id = lost.obligation_id), 'progress', lost.progress)) END;
END $$;

CREATE OR REPLACE FUNCTION obligation_set(was obligation_instance) RETURNS void
LANGUAGE sql AS $$
  UPDATE obligation_instance SET state = was.state, progress = was.progress, accepted_at = was.accepted_at,
      last_proof_at = was.last_proof_at, finished_at = was.finished_at, reason = was.reason
    WHERE member_id = was.member_id AND instance_id = was.instance_id
$$;

-- The survivor went on with what was the other's. The steps since become the survivor's own undertaking; one that was finished with
-- them stays as it is, for its reward was given under its name, and the other's goes on under a new one.
CREATE OR REPLACE FUNCTION obligation_go_on(call jsonb, held obligation_instance, theirs obligation_instance, own obligation_instance)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  named uuid := uuid_v7((call->>'at')::timestamptz);
BEGIN
  IF held.state IN ('approved', 'rewarded') THEN
    UPDATE obligation_instance SET member_id = src, accepted_at = coalesce(own.accepted_at, accepted_at)
      WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
    INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at)
      VALUES (theirs.member_id, named, theirs.obligation_id, theirs.state, theirs.progress, theirs.accepted_at, theirs.last_proof_at);
    UPDATE obligation_proof SET instance_id = named WHERE member_id = theirs.member_id AND instance_id = theirs.instance_id;
    RETURN;
  END IF;
  PERFORM obligation_set(theirs);
  INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at)
    VALUES (src, coalesce(own.instance_id, named), held.obligation_id, 'in_progress', coalesce(own.progress, 0) + held.progress - theirs.progress,
            coalesce(own.accepted_at, held.last_proof_at), held.last_proof_at)
    ON CONFLICT (member_id, instance_id) DO UPDATE SET state = excluded.state, progress = excluded.progress,
      accepted_at = excluded.accepted_at, last_proof_at = excluded.last_proof_at;
  UPDATE obligation_proof SET instance_id = coalesce(own.instance_id, named) WHERE member_id = src AND instance_id = theirs.instance_id;
END $$;
