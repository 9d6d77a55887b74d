-- What is handed in, what the machine says of its pictures, and the appeal against a refusal.

-- Hands something in for what was taken up. Pictures that a refused hand-in of the same undertaking showed may be shown again.
-- {request, memberId, obligationId, submissionId, text, link, rating, orderId, uploadIds, textCheck, at, regainFrom} → as obligation_for
CREATE OR REPLACE FUNCTION obligation_submit(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  duty obligation;
  held obligation_instance;
  uploads jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  held := obligation_held(member, duty, now_at);
  PERFORM obligation_may_hand_in(call, duty, held);
  IF call->>'orderId' IS NOT NULL AND NOT obligation_order_fits(member, duty, (call->>'orderId')::uuid) THEN
    PERFORM refuse('PROOF_INCOMPLETE', '{"fields": ["order"]}');
  END IF;
  uploads := upload_use(jsonb_build_object('memberId', member, 'uploadIds', call->'uploadIds', 'usedBy', call->'submissionId',
    'formerly', (SELECT coalesce(jsonb_agg(submission_id), '[]') FROM obligation_submission
      WHERE member_id = member AND instance_id = held.instance_id AND state = 'rejected')));
  INSERT INTO obligation_submission (member_id, submission_id, instance_id, obligation_id, nth, text, link, rating, order_id, upload_ids,
      state, text_check, submitted_at)
    SELECT member, (call->>'submissionId')::uuid, held.instance_id, duty.obligation_id, count(*) + 1, call->>'text', call->>'link',
        (call->>'rating')::int, (call->>'orderId')::uuid, uuid_list(call->'uploadIds'),
        CASE WHEN uploads @> '[{"state": "checking"}]' THEN 'checking' ELSE 'waiting' END, call->>'textCheck', now_at
      FROM obligation_submission WHERE member_id = member AND instance_id = held.instance_id;
  UPDATE obligation_instance SET state = obligation_next(state, 'submit'), tries = tries + 1, submitted_at = now_at, reason = NULL
    WHERE member_id = member AND instance_id = held.instance_id;
  RETURN request_end(call->'request', obligation_for(member, duty, now_at, (call->>'regainFrom')::timestamptz));
END $$;

-- Refuses what cannot be handed in now, in the order of handInRefusal of the rules.
CREATE OR REPLACE FUNCTION obligation_may_hand_in(call jsonb, duty obligation, held obligation_instance) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  next_at timestamptz := obligation_next_at(held, duty);
BEGIN
  IF duty.proof <> 'handed_in' THEN PERFORM refuse('PROOF_KIND'); END IF;
  IF held.state = 'submitted' OR EXISTS (SELECT 1 FROM obligation_submission
      WHERE member_id = held.member_id AND instance_id = held.instance_id AND appeal = 'asked') THEN
    PERFORM refuse('PROOF_WAITING');
  END IF;
  PERFORM obligation_allow(call, duty, held);
  IF held.instance_id IS NULL THEN PERFORM refuse('NOT_TAKEN_UP'); END IF;
  IF held.tries >= duty.most_tries THEN PERFORM refuse('TRIES_OVER', jsonb_build_object('limit', duty.most_tries)); END IF;
  IF next_at > (call->>'at')::timestamptz THEN
    PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(next_at)));
  END IF;
END $$;

-- A picture was looked at, or taken back (removed); whoever asks holds the member. A forbidden or a removed one ends the hand-in that
-- shows it, which costs no try; with the last one that is neither, a person's turn has come. {memberId, usedBy, verdict, at}
CREATE OR REPLACE FUNCTION obligation_on_upload(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own obligation_submission;
BEGIN
  SELECT * INTO own FROM obligation_submission WHERE member_id = (call->>'memberId')::uuid
    AND submission_id = (call->>'usedBy')::uuid AND state IN ('checking', 'waiting') FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF call->>'verdict' IN ('refused', 'removed') THEN
    PERFORM obligation_turn_down(own, CASE call->>'verdict' WHEN 'refused' THEN 'content' ELSE 'withdrawn' END, NULL, NULL, (call->>'at')::timestamptz);
    RETURN '{"state": "rejected"}';
  END IF;
  UPDATE obligation_submission SET state = 'waiting' WHERE member_id = own.member_id AND submission_id = own.submission_id
    AND NOT EXISTS (SELECT 1 FROM upload WHERE member_id = own.member_id AND upload_id = ANY (own.upload_ids) AND state = 'checking');
  RETURN '{"state": "waiting"}';
END $$;

-- Writes a refusal down: by a person, or by the machine, who is nobody.
CREATE OR REPLACE FUNCTION obligation_turn_down(own obligation_submission, why text, words text, decider uuid, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE obligation_submission SET state = 'rejected', reason = why, answer = words, decided_at = now_at, decided_by = decider
    WHERE member_id = own.member_id AND submission_id = own.submission_id;
  UPDATE obligation_instance SET state = obligation_next(state, 'reject'), reason = why,
      tries = CASE WHEN decider IS NULL THEN greatest(tries - 1, 0) ELSE tries END
    WHERE member_id = own.member_id AND instance_id = own.instance_id AND state = 'submitted';
END $$;

-- Asks that a refusal be looked at once more: of the last hand-in, once, within so many days.
-- {request, memberId, submissionId, words, appealDays, at, regainFrom} → as obligation_for
CREATE OR REPLACE FUNCTION obligation_appeal(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own obligation_submission;
  held obligation_instance;
  duty obligation;
  until timestamptz;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM obligation_submission WHERE member_id = member AND submission_id = (call->>'submissionId')::uuid;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "submission"}'); END IF;
  IF own.appeal <> 'none' THEN PERFORM refuse('APPEAL_DONE'); END IF;
  SELECT * INTO held FROM obligation_instance WHERE member_id = member AND instance_id = own.instance_id;
  IF held.state = 'submitted' THEN PERFORM refuse('PROOF_WAITING'); END IF;
  IF held.state <> 'rejected' OR own.state <> 'rejected' THEN PERFORM refuse('OBLIGATION_DONE'); END IF;
  until := (date_trunc('day', own.decided_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => (call->>'appealDays')::int + 1)
    - interval '1 millisecond') AT TIME ZONE 'Asia/Shanghai';
  IF now_at > until OR EXISTS (SELECT 1 FROM obligation_submission later
      WHERE later.member_id = member AND later.instance_id = own.instance_id AND later.nth > own.nth) THEN
    PERFORM refuse('APPEAL_OVER', jsonb_build_object('until', iso_text(until)));
  END IF;
  UPDATE obligation_submission SET appeal = 'asked', appeal_words = call->>'words', appeal_at = now_at
    WHERE member_id = member AND submission_id = own.submission_id;
  SELECT * INTO duty FROM obligation WHERE obligation_id = own.obligation_id;
  RETURN request_end(call->'request', obligation_for(member, duty, now_at, (call->>'regainFrom')::timestamptz));
END $$;
