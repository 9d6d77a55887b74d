-- What two records have done for the brand, put together and taken apart again.

-- Of two undertakings of one obligation for the same period the one further along stays, the other is superseded and can give nothing
-- more: what was handed in for it is looked at by nobody. The cooldown runs from the later step of both. {from, to, at}; the journal is
-- {instances, proofs, submissions: ids that moved, pairs: [{obligationId, theirs, own}]}
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
      ORDER BY theirs.obligation_id, theirs.period_key) INTO part
    FROM obligation_instance theirs LEFT JOIN obligation_instance own ON own.member_id = dst AND own.state <> 'superseded'
      AND own.obligation_id = theirs.obligation_id AND own.period_key = theirs.period_key
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
    WITH went AS (UPDATE obligation_submission SET member_id = dst WHERE member_id = src RETURNING submission_id)
      SELECT moved || jsonb_strip_nulls(jsonb_build_object('submissions', jsonb_agg(submission_id))) INTO moved FROM went;
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
  ranks text[] := ARRAY['lapsed', 'accepted', 'in_progress', 'rejected', 'submitted', 'clawed_back', 'approved', 'rewarded'];
  superseded jsonb;
BEGIN
  UPDATE obligation_instance mine SET last_proof_at = greatest(mine.last_proof_at, other.last_proof_at),
      accepted_at = least(mine.accepted_at, other.accepted_at)
    FROM obligation_instance other
    WHERE mine.member_id IN (src, dst) AND other.member_id IN (src, dst) AND other.member_id <> mine.member_id
      AND other.obligation_id = mine.obligation_id AND other.period_key = mine.period_key AND mine.state <> 'superseded' AND other.state <> 'superseded';
  WITH gone AS (
    UPDATE obligation_instance lost SET state = 'superseded' FROM obligation_instance kept
      WHERE lost.member_id IN (src, dst) AND kept.member_id IN (src, dst) AND kept.member_id <> lost.member_id
        AND kept.obligation_id = lost.obligation_id AND kept.period_key = lost.period_key AND lost.state <> 'superseded' AND kept.state <> 'superseded'
        AND (array_position(ranks, kept.state::text), kept.progress, coalesce(lost.finished_at, 'infinity'), kept.instance_id)
          > (array_position(ranks, lost.state::text), lost.progress, coalesce(kept.finished_at, 'infinity'), lost.instance_id)
      RETURNING lost.*)
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'obligation_superseded', 'title', o.title, 'progress', gone.progress)
      ORDER BY gone.obligation_id, gone.period_key), '[]') INTO superseded
    FROM gone JOIN obligation o USING (obligation_id);
  RETURN superseded;
END $$;
