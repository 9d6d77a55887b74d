-- What a member does for the brand. Protects I-O1 (the member is held, one undertaking a period by index, the award claims its
-- effect), the budget (a conditional write with a CHECK behind it) and the cooldown between two steps. What several verbs need is here.

-- Where a step leads; NULL where it is refused. The same table as OBLIGATION_STEPS of the rules.
CREATE OR REPLACE FUNCTION obligation_next(state text, step text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN step = 'accept' THEN CASE state WHEN 'open' THEN 'accepted' WHEN 'accepted' THEN state WHEN 'in_progress' THEN state END
    WHEN step = 'submit' THEN CASE WHEN state IN ('accepted', 'in_progress', 'rejected') THEN 'submitted' END
    WHEN step IN ('proof', 'reward', 'approve') AND state IN ('open', 'accepted', 'in_progress', 'submitted', 'rejected') THEN
      CASE step WHEN 'proof' THEN 'in_progress' WHEN 'reward' THEN 'rewarded' ELSE 'approved' END
    WHEN step = 'reject' AND state = 'submitted' THEN 'rejected'
    WHEN step = 'retract' AND state = 'in_progress' THEN state
    WHEN step = 'claw_back' AND state IN ('approved', 'rewarded') THEN 'clawed_back'
    WHEN step = 'lapse' AND state IN ('open', 'accepted', 'in_progress') THEN 'lapsed' END
$$;

-- Which day, week or month `at` lies in; the same as periodOf of the rules. Weeks begin on Monday.
CREATE OR REPLACE FUNCTION obligation_period(period text, at timestamptz, OUT key text, OUT until timestamptz)
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE period WHEN 'daily' THEN to_char(local, 'YYYY-MM-DD') WHEN 'weekly' THEN to_char(local, 'IYYY-"W"IW')
      WHEN 'monthly' THEN to_char(local, 'YYYY-MM') ELSE '' END,
    CASE period WHEN 'daily' THEN date_trunc('day', local) + interval '1 day' WHEN 'weekly' THEN date_trunc('week', local) + interval '7 days'
      WHEN 'monthly' THEN date_trunc('month', local) + interval '1 month' END AT TIME ZONE 'Asia/Shanghai'
    FROM (SELECT at AT TIME ZONE 'Asia/Shanghai' AS local) here
$$;

-- When what is taken up at `at` ends before its obligation does; NULL when it does not. The same as dueOf of the rules.
CREATE OR REPLACE FUNCTION obligation_due(duty obligation, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT least((obligation_period(duty.period, at)).until,
    (date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => duty.due_days + 1)) AT TIME ZONE 'Asia/Shanghai')
$$;

-- The undertaking of the period that `at` lies in.
CREATE OR REPLACE FUNCTION obligation_held(who uuid, duty obligation, at timestamptz) RETURNS obligation_instance
LANGUAGE sql STABLE AS $$
  SELECT i FROM obligation_instance i WHERE member_id = who AND obligation_id = duty.obligation_id AND state <> 'superseded'
    AND period_key = (obligation_period(duty.period, at)).key
$$;

-- When the next step counts; NULL for at once. Without a cooldown always at once: the last step may bear the later time of another server.
CREATE OR REPLACE FUNCTION obligation_next_at(held obligation_instance, duty obligation) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN duty.cooldown_hours > 0 THEN held.last_proof_at + make_interval(hours => duty.cooldown_hours) END
$$;

-- Whether somebody wears the honour that an obligation is for, or has lost it after `since`.
CREATE OR REPLACE FUNCTION obligation_honoured(who uuid, duty obligation, since timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT duty.for_honour_id IS NULL OR honour_worn(who, duty.for_honour_id, since)
$$;

-- Refuses what cannot be taken up or gone on with now, in the order of the rule. The member is held already. {memberId, at, regainFrom}
CREATE OR REPLACE FUNCTION obligation_allow(call jsonb, duty obligation, held obligation_instance) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  member uuid := (call->>'memberId')::uuid;
  state text := coalesce(held.state, 'open');
BEGIN
  IF duty.obligation_id IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "obligation"}'); END IF;
  IF obligation_next(state, 'proof') IS NULL THEN
    PERFORM refuse(CASE WHEN state IN ('lapsed', 'clawed_back') THEN 'OBLIGATION_OVER' ELSE 'OBLIGATION_DONE' END);
  END IF;
  -- a stop is for ever, by whichever server's clock it was written
  IF duty.stopped_at IS NOT NULL THEN PERFORM refuse('OBLIGATION_STOPPED'); END IF;
  IF now_at < duty.starts_at THEN
    PERFORM refuse('OBLIGATION_NOT_OPEN', jsonb_build_object('opensAt', iso_text(duty.starts_at)));
  END IF;
  IF now_at >= least(duty.ends_at, held.due_at) THEN PERFORM refuse('OBLIGATION_OVER'); END IF;
  IF state <> 'open' THEN RETURN; END IF;
  IF NOT obligation_honoured(member, duty, coalesce((call->>'regainFrom')::timestamptz, now_at)) THEN
    PERFORM refuse('HONOUR_NEEDED', jsonb_build_object('honourName', (SELECT name FROM honour WHERE honour_id = duty.for_honour_id)));
  END IF;
  IF (SELECT tier FROM standing WHERE member_id = member) < duty.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', duty.tier_gate));
  END IF;
END $$;

-- Begins the undertaking of this period. {memberId, instanceId, at}
CREATE OR REPLACE FUNCTION obligation_begin(call jsonb, duty obligation) RETURNS obligation_instance
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  made obligation_instance;
BEGIN
  INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, accepted_at, period_key, due_at)
    VALUES ((call->>'memberId')::uuid, coalesce((call->>'instanceId')::uuid, uuid_v7(now_at)), duty.obligation_id,
      obligation_next('open', 'accept'), now_at, (obligation_period(duty.period, now_at)).key, obligation_due(duty, now_at))
    RETURNING * INTO made;
  RETURN made;
END $$;

-- Takes an obligation up; who has done so before is answered the same. {request, memberId, obligationId, instanceId, at, regainFrom}
CREATE OR REPLACE FUNCTION obligation_accept(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  duty obligation;
  held obligation_instance;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  held := obligation_held(member, duty, now_at);
  PERFORM obligation_allow(call, duty, held);
  IF held.instance_id IS NULL THEN PERFORM obligation_begin(call, duty); END IF;
  RETURN request_end(call->'request', obligation_for(member, duty, now_at, (call->>'regainFrom')::timestamptz));
END $$;

-- One confirmed step more, which is written down already: at the goal what was promised is given. A step beyond the goal is only
-- counted. The member is held. {at, expiresAt} → {progress, rewarded: {points, honourName, coupon} | null}
CREATE OR REPLACE FUNCTION obligation_advance(call jsonb, duty obligation, held obligation_instance) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  done boolean := obligation_next(held.state, 'proof') IS NULL;
  rewarded jsonb;
  step text := 'proof';
BEGIN
  held.progress := held.progress + 1;
  IF NOT done AND held.progress >= duty.target THEN
    rewarded := obligation_thank(call, duty, held);
    step := rewarded->>'step';
  END IF;
  UPDATE obligation_instance SET progress = held.progress, last_proof_at = greatest(last_proof_at, now_at),
      state = CASE WHEN done THEN state ELSE obligation_next(state, step) END,
      finished_at = CASE WHEN step = 'proof' THEN finished_at ELSE now_at END,
      reason = CASE WHEN done THEN reason WHEN step = 'approve' THEN 'budget' END,
      points_given = CASE WHEN step = 'proof' THEN points_given ELSE (rewarded->>'points')::int END,
      tries = CASE WHEN done THEN tries ELSE 0 END
    WHERE member_id = held.member_id AND instance_id = held.instance_id;
  IF step <> 'proof' AND duty.keeps_honour_id IS NOT NULL THEN PERFORM honour_look(held.member_id, duty.keeps_honour_id, now_at); END IF;
  RETURN jsonb_build_object('progress', held.progress, 'rewarded', rewarded - 'step');
END $$;

-- Gives the honour and the coupon, and the points while the budget lasts; the others do not depend on it. The account is held before
-- the rows that many want at once, the obligation's own last. → {points, honourName, coupon, step}
CREATE OR REPLACE FUNCTION obligation_thank(call jsonb, duty obligation, held obligation_instance) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  paid boolean := true;
  coupon jsonb;
BEGIN
  IF duty.reward_points > 0 THEN PERFORM ledger_hold(held.member_id, now_at); END IF;
  IF duty.honour_id IS NOT NULL THEN
    PERFORM honour_grant(jsonb_build_object('memberId', held.member_id, 'honourId', duty.honour_id, 'at', now_at));
  END IF;
  IF duty.reward_coupon IS NOT NULL THEN
    coupon := coupon_grant(jsonb_build_object('memberId', held.member_id, 'templateId', duty.reward_coupon, 'at', now_at,
      'kind', 'obligation', 'sourceId', held.instance_id));
  END IF;
  IF duty.reward_points > 0 THEN
    UPDATE obligation SET spent_points = spent_points + duty.reward_points
      WHERE obligation_id = duty.obligation_id AND spent_points + duty.reward_points <= budget_points;
    paid := FOUND;
    IF paid THEN
      PERFORM ledger_award(jsonb_build_object('memberId', held.member_id, 'at', now_at, 'kind', 'obligation', 'sourceId', held.instance_id,
        'points', duty.reward_points, 'growth', 0, 'activeAt', now_at, 'expiresAt', call->'expiresAt',
        'reason', 'obligation', 'detail', jsonb_build_object('title', duty.title)));
    END IF;
  END IF;
  RETURN jsonb_build_object('points', CASE WHEN paid THEN duty.reward_points ELSE 0 END,
    'honourName', (SELECT name FROM honour WHERE honour_id = duty.honour_id), 'coupon', coupon->'title',
    'step', CASE WHEN paid THEN 'reward' ELSE 'approve' END);
END $$;
