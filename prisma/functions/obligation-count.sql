-- Steps that the system counts from what happened: a friend's reward, what a reader did, a purchase. Called by the statement in which
-- it happened; whose step it is may be somebody else than whom that statement is about. Protects I-O1 (one source counts once an
-- undertaking, by index) and I-O2 (what falls below its goal again holds no reward).

-- Holds the record that goes on for this one; NULL when there is none any more.
CREATE OR REPLACE FUNCTION obligation_hold_owner(who uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  own member;
BEGIN
  FOR tries IN 1..3 LOOP
    SELECT * INTO own FROM member WHERE member_id = coalesce(own.merged_into, who) FOR NO KEY UPDATE;
    EXIT WHEN own.status IS DISTINCT FROM 'merged';
  END LOOP;
  RETURN CASE WHEN own.status = 'active' THEN own.member_id END;
END $$;

-- Counts one step for each undertaking of this member that counts this and runs. What comes with an honour need not be taken up: it is
-- begun here. Beyond the goal it is counted on, so that one source that is taken back need not cost the reward.
-- {memberId, counts: friend_rewarded | reader_acted | order, sourceId, at, expiresAt: until when points live, amountFen?, articleId?}
-- → {counted, rewarded}
CREATE OR REPLACE FUNCTION obligation_count(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  who uuid := (call->>'memberId')::uuid;
  duty obligation;
  held obligation_instance;
  answer jsonb;
  counted int := 0;
  rewarded int := 0;
BEGIN
  -- a look first: most of what happens counts for nothing
  IF NOT EXISTS (SELECT 1 FROM obligation_countable(who, call)) THEN
    IF NOT EXISTS (SELECT 1 FROM member WHERE member_id = who AND status = 'merged') THEN RETURN '{"counted": 0, "rewarded": 0}'; END IF;
  END IF;
  who := obligation_hold_owner(who);
  IF who IS NULL THEN RETURN '{"counted": 0, "rewarded": 0}'; END IF;
  call := call || jsonb_build_object('memberId', who);
  FOR duty IN SELECT * FROM obligation_countable(who, call) LOOP
    held := obligation_held(who, duty, now_at);
    IF held.instance_id IS NULL THEN
      held := obligation_begin(call - 'instanceId', duty);
    END IF;
    CONTINUE WHEN held.state = 'clawed_back' OR now_at >= held.due_at
      OR obligation_next_at(held, duty) > now_at;
    INSERT INTO obligation_proof (member_id, proof_id, instance_id, at, kind, source_id)
      VALUES (who, uuid_v7(now_at), held.instance_id, now_at, call->>'counts', call->>'sourceId')
      -- what was taken back can come to count again
      ON CONFLICT (member_id, instance_id, kind, source_id) WHERE source_id IS NOT NULL
        DO UPDATE SET retracted_at = NULL, at = excluded.at WHERE obligation_proof.retracted_at IS NOT NULL;
    CONTINUE WHEN NOT FOUND;
    answer := obligation_advance(call, duty, held);
    counted := counted + 1;
    rewarded := rewarded + (answer->>'rewarded' IS NOT NULL)::int;
  END LOOP;
  RETURN jsonb_build_object('counted', counted, 'rewarded', rewarded);
END $$;

-- The running obligations that this counts for: taken up in this period, or coming with an honour that is worn.
CREATE OR REPLACE FUNCTION obligation_countable(who uuid, call jsonb) RETURNS SETOF obligation
LANGUAGE sql STABLE AS $$
  SELECT o.* FROM obligation o
    WHERE o.counts = call->>'counts' AND o.starts_at <= (call->>'at')::timestamptz AND o.ends_at > (call->>'at')::timestamptz
      AND o.stopped_at IS NULL
      AND o.counts_from_fen <= coalesce((call->>'amountFen')::int, o.counts_from_fen)
      AND (o.article_id IS NULL OR call->>'articleId' IS NULL OR o.article_id = call->>'articleId')
      AND (EXISTS (SELECT 1 FROM obligation_instance i WHERE i.member_id = who AND i.obligation_id = o.obligation_id
          AND i.state <> 'superseded' AND i.period_key = (obligation_period(o.period, (call->>'at')::timestamptz)).key)
        OR (o.for_honour_id IS NOT NULL AND obligation_honoured(who, o, (call->>'at')::timestamptz)))
    ORDER BY o.obligation_id
$$;

-- Takes back what was counted from one source, wherever it was counted; once. An undertaking that falls below its goal by it gives its
-- reward back. A purchase of which enough is kept goes on counting. {memberId, counts, sourceId, at, leftFen?, keepGiven?}
-- → {retracted, takenBack: points}
CREATE OR REPLACE FUNCTION obligation_retract(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  who uuid := (call->>'memberId')::uuid;
  -- the steps may lie with the survivor of a merge by now, with whoever was separated from it, or with whom this one was separated from
  people uuid[] := ARRAY(SELECT merge_heirs(was) FROM merge_former(who) was);
  step obligation_proof;
  duty obligation;
  held obligation_instance;
  retracted int := 0;
  points int := 0;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM obligation_proof WHERE member_id = ANY (people) AND kind = call->>'counts'
      AND source_id = call->>'sourceId' AND retracted_at IS NULL) THEN
    RETURN '{"retracted": 0, "takenBack": 0}';
  END IF;
  PERFORM 1 FROM member WHERE member_id = ANY (people) ORDER BY member_id FOR NO KEY UPDATE;
  FOR step IN SELECT * FROM obligation_proof WHERE member_id = ANY (people) AND kind = call->>'counts'
      AND source_id = call->>'sourceId' AND retracted_at IS NULL ORDER BY member_id, proof_id LOOP
    SELECT * INTO held FROM obligation_instance WHERE member_id = step.member_id AND instance_id = step.instance_id;
    SELECT * INTO duty FROM obligation WHERE obligation_id = held.obligation_id;
    CONTINUE WHEN (call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= duty.counts_from_fen;
    -- what a merge finds out costs no reward that was given: the merge can be taken back, and then all is as it was
    CONTINUE WHEN (call->>'keepGiven')::boolean AND (held.state IN ('approved', 'rewarded') OR held.points_given > 0);
    UPDATE obligation_proof SET retracted_at = now_at WHERE member_id = step.member_id AND proof_id = step.proof_id;
    points := points + obligation_fall_back(held, duty, now_at);
    retracted := retracted + 1;
  END LOOP;
  RETURN jsonb_build_object('retracted', retracted, 'takenBack', points);
END $$;

-- Counts again what a merge that is taken back had taken, and only that, where it had been counted. A goal that is reached by it now is
-- one like any other; but what lies with one of the two is parted next, and a goal of both together is nobody's.
-- {mergeId, from, to, memberId, counts, sourceId, mergedAt, at, expiresAt}
CREATE OR REPLACE FUNCTION obligation_count_again(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  people uuid[] := ARRAY(SELECT merge_heirs(was) FROM merge_former((call->>'memberId')::uuid) was);
  step obligation_proof;
  duty obligation;
  held obligation_instance;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM obligation_proof WHERE member_id = ANY (people) AND kind = call->>'counts'
      AND source_id = call->>'sourceId' AND retracted_at = (call->>'mergedAt')::timestamptz) THEN RETURN; END IF;
  PERFORM 1 FROM member WHERE member_id = ANY (people) ORDER BY member_id FOR NO KEY UPDATE;
  FOR step IN UPDATE obligation_proof SET retracted_at = NULL WHERE member_id = ANY (people) AND kind = call->>'counts'
      AND source_id = call->>'sourceId' AND retracted_at = (call->>'mergedAt')::timestamptz RETURNING * LOOP
    SELECT * INTO held FROM obligation_instance WHERE member_id = step.member_id AND instance_id = step.instance_id;
    SELECT * INTO duty FROM obligation WHERE obligation_id = held.obligation_id;
    -- what the survivor finished since stays with the survivor, and this step does not
    CONTINUE WHEN held.member_id::text = call->>'from' AND held.finished_at > (call->>'mergedAt')::timestamptz AND EXISTS (
      SELECT 1 FROM merge_step m WHERE m.member_id = held.member_id AND m.merge_id = (call->>'mergeId')::uuid AND m.step = 'obligation_merge'
        AND m.moved->'proofs' ? step.proof_id::text);
    IF held.progress + 1 >= duty.target AND obligation_next(held.state, 'reward') IS NOT NULL AND duty.stopped_at IS NULL
      AND now_at < least(duty.ends_at, held.due_at) AND held.member_id::text NOT IN (call->>'from', call->>'to') THEN
      PERFORM obligation_advance(call || jsonb_build_object('memberId', held.member_id), duty, held);
    ELSE
      UPDATE obligation_instance SET progress = progress + 1, state = CASE state WHEN 'accepted' THEN 'in_progress' ELSE state END
        WHERE member_id = held.member_id AND instance_id = held.instance_id;
    END IF;
  END LOOP;
END $$;

-- One step less. Below the goal what was given is taken back: points into debt where they are spent, the coupon unless it was used, the
-- honour unless it was earned elsewhere. The budget gets nothing again: doing and undoing must not refill it. → points taken back
CREATE OR REPLACE FUNCTION obligation_fall_back(held obligation_instance, duty obligation, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  -- one that a merge has superseded keeps its points until what they were given for is gone
  falls boolean := held.progress - 1 < duty.target AND (obligation_next(held.state, 'claw_back') IS NOT NULL OR held.points_given > 0);
  named jsonb := jsonb_build_object('memberId', held.member_id, 'at', now_at, 'kind', 'obligation', 'sourceId', held.instance_id);
BEGIN
  IF falls AND EXISTS (SELECT 1 FROM member WHERE member_id = held.member_id AND status = 'active') THEN
    IF held.points_given > 0 THEN
      PERFORM ledger_take_back(named || jsonb_build_object('points', held.points_given, 'growth', 0, 'earnedAt', held.finished_at,
        'reason', 'obligation_returned', 'detail', jsonb_build_object('title', duty.title)));
    END IF;
    IF duty.reward_coupon IS NOT NULL THEN PERFORM coupon_void_of(named || '{"reason": "obligation_returned"}'); END IF;
    DELETE FROM honour_held WHERE member_id = held.member_id AND honour_id = duty.honour_id AND NOT EXISTS (
      SELECT 1 FROM obligation_instance i JOIN obligation o USING (obligation_id) WHERE i.member_id = held.member_id
        AND i.instance_id <> held.instance_id AND o.honour_id = duty.honour_id AND i.state IN ('approved', 'rewarded'));
  END IF;
  UPDATE obligation_instance SET progress = greatest(progress - 1, 0),
      state = CASE WHEN falls THEN coalesce(obligation_next(state, 'claw_back'), state) ELSE state END,
      reason = CASE WHEN falls AND state <> 'superseded' THEN 'taken_back' ELSE reason END,
      points_given = CASE WHEN falls THEN 0 ELSE points_given END
    WHERE member_id = held.member_id AND instance_id = held.instance_id;
  RETURN CASE WHEN falls THEN held.points_given ELSE 0 END;
END $$;
