-- A person's word on what was handed in, and what others may read of it.

-- An operator decides: approved, it is one confirmed step; turned down, it says why. An appeal is decided by another colleague than who
-- had turned it down, while there is one (alone, the audit says so), and nobody decides over their own. Stars and praise are no part of this.
-- {request, staffId, memberId, submissionId, how: approve | reject, reason, answer, at, expiresAt} → {state, progress, target, rewarded}
CREATE OR REPLACE FUNCTION obligation_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  by_staff staff;
  member uuid;
  own obligation_submission;
  held obligation_instance;
  duty obligation;
  answer jsonb;
  stands text;
  again boolean;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  by_staff := staff_operator((call->>'staffId')::uuid);
  -- merges may have moved it, and taken back, moved it on
  SELECT member_id INTO member FROM obligation_submission WHERE submission_id = (call->>'submissionId')::uuid
    AND member_id IN (SELECT merge_heirs((call->>'memberId')::uuid));
  IF member IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "submission"}'); END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM obligation_submission WHERE member_id = member AND submission_id = (call->>'submissionId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  IF NOT (own.state = 'waiting' OR own.appeal = 'asked') THEN PERFORM refuse('REVIEW_DONE'); END IF;
  again := own.appeal = 'asked' AND own.decided_by IS NOT NULL AND by_staff.member_id IN (SELECT merge_heirs(own.decided_by));
  IF by_staff.member_id IN (SELECT merge_heirs(member)) OR again AND staff_has_other(by_staff, ARRAY[member]) THEN
    PERFORM refuse('REVIEW_OWN');
  END IF;
  SELECT * INTO held FROM obligation_instance WHERE member_id = member AND instance_id = own.instance_id;
  IF held.state NOT IN ('submitted', 'rejected') THEN PERFORM refuse('REVIEW_DONE'); END IF;
  SELECT * INTO duty FROM obligation WHERE obligation_id = own.obligation_id;
  IF call->>'how' = 'approve' THEN
    answer := obligation_approve(call, own, held, duty, by_staff.member_id);
  ELSIF own.appeal = 'asked' THEN
    UPDATE obligation_submission SET appeal = 'declined', appeal_by = by_staff.member_id, appeal_answer = call->>'answer'
      WHERE member_id = member AND submission_id = own.submission_id;
  ELSE
    PERFORM obligation_turn_down(own, call->>'reason', call->>'answer', by_staff.member_id, now_at);
  END IF;
  SELECT state INTO stands FROM obligation_instance WHERE member_id = member AND instance_id = held.instance_id;
  PERFORM outbox_put(jsonb_build_object('memberId', member, 'template', 'hand_in_reviewed', 'at', call->'at', 'ifAllowed', true,
    'payload', jsonb_build_object('title', duty.title, 'how', call->'how', 'rewarded', stands = 'rewarded')));
  PERFORM audit_note(call, by_staff, CASE WHEN again THEN 'obligation.decide_alone' ELSE 'obligation.decide' END, own.submission_id::text);
  RETURN request_end(call->'request', jsonb_build_object('progress', held.progress, 'target', duty.target, 'rewarded', NULL, 'state', stands)
    || coalesce(answer, '{}'));
END $$;

-- One hand-in is good: it becomes a confirmed step. → as obligation_advance
CREATE OR REPLACE FUNCTION obligation_approve(call jsonb, own obligation_submission, held obligation_instance, duty obligation, decider uuid)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  appealed boolean := own.appeal = 'asked';
BEGIN
  UPDATE obligation_submission SET state = 'approved', reason = NULL, decided_at = now_at,
      decided_by = CASE WHEN appealed THEN decided_by ELSE decider END, answer = CASE WHEN appealed THEN own.answer ELSE call->>'answer' END,
      appeal = CASE WHEN appealed THEN 'granted' ELSE appeal END, appeal_by = CASE WHEN appealed THEN decider END,
      appeal_answer = CASE WHEN appealed THEN call->>'answer' END
    WHERE member_id = own.member_id AND submission_id = own.submission_id;
  INSERT INTO obligation_proof (member_id, proof_id, instance_id, at, kind, source_id)
    VALUES (own.member_id, uuid_v7(now_at), own.instance_id, now_at, 'handed_in', own.submission_id);
  RETURN obligation_advance(call, duty, held);
END $$;

-- What waits for a person, the longest first: ids are in the order of time. {state: waiting | appeal, after, limit} → rows
CREATE OR REPLACE FUNCTION obligation_queue(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  appeals boolean := call->>'state' = 'appeal';
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(obligation_submission_row(s) || jsonb_build_object('title', o.title, 'kind', o.kind, 'words', o.words,
      'labelled', o.labelled, 'progress', i.progress, 'target', o.target, 'textCheck', (s).text_check,
      'nameSealed', encode(m.name_sealed, 'base64'), 'memberNo', m.member_no,
      'purchase', (SELECT jsonb_build_object('storeName', t.name, 'amountFen', p.amount_fen, 'settledAt', p.settled_at, 'kept', p.state = 'settled')
        FROM purchase p JOIN store t USING (store_id) WHERE p.member_id = (s).member_id AND p.order_id = (s).order_id))
      ORDER BY (s).submission_id), '[]')
    FROM (SELECT own AS s FROM obligation_submission own JOIN obligation_instance USING (member_id, instance_id)
      -- of one that a merge has superseded nothing is looked at
      WHERE obligation_instance.state IN ('submitted', 'rejected') AND (CASE WHEN appeals THEN own.appeal = 'asked' ELSE own.state = 'waiting' END)
        AND (call->>'after' IS NULL OR own.submission_id > (call->>'after')::uuid)
      ORDER BY own.submission_id LIMIT (call->>'limit')::int) waiting
    JOIN obligation o ON o.obligation_id = (s).obligation_id JOIN member m ON m.member_id = (s).member_id
    JOIN obligation_instance i ON i.member_id = (s).member_id AND i.instance_id = (s).instance_id);
END $$;

-- The pictures of a hand-in in its order; `seen` for one that another hand-in has shown.
CREATE OR REPLACE FUNCTION obligation_pictures(own obligation_submission) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('uploadId', u.upload_id, 'state', u.state, 'width', u.width, 'height', u.height,
      'kept', u.storage_key IS NOT NULL, 'seen', EXISTS (SELECT 1 FROM upload twin WHERE twin.sha256 = u.sha256 AND twin.upload_id <> u.upload_id AND twin.used_by IS NOT NULL
        AND twin.used_by <> own.submission_id)) ORDER BY nth), '[]')
    FROM unnest(own.upload_ids) WITH ORDINALITY shown (id, nth) JOIN upload u ON u.member_id = own.member_id AND u.upload_id = shown.id
$$;

-- Reviews that a person has found to be reviews, the newest first: of one article, or all. {sku, beforeAt, beforeId, limit} → rows
CREATE OR REPLACE FUNCTION obligation_reviews(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  before_at timestamptz := coalesce((call->>'beforeAt')::timestamptz, 'infinity');
  before_id uuid := coalesce((call->>'beforeId')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('submissionId', (s).submission_id, 'rating', (s).rating, 'text', (s).text,
      'decidedAt', (s).decided_at, 'submittedAt', (s).submitted_at, 'nameSealed', encode(m.name_sealed, 'base64'),
      'uploads', obligation_pictures(s)) ORDER BY (s).decided_at DESC, (s).submission_id DESC), '[]')
    FROM (SELECT own AS s FROM obligation o JOIN obligation_submission own USING (obligation_id)
      WHERE o.kind = 'review' AND own.state = 'approved' AND (own.decided_at, own.submission_id) < (before_at, before_id)
        AND (call->>'sku' IS NULL OR o.sku = call->>'sku' OR (o.sku IS NULL AND EXISTS (SELECT 1 FROM purchase_line l
          WHERE l.member_id = own.member_id AND l.order_id = own.order_id AND l.sku = call->>'sku')))
      ORDER BY own.decided_at DESC, own.submission_id DESC LIMIT (call->>'limit')::int) shown
    JOIN member m ON m.member_id = (s).member_id AND m.status = 'active');
END $$;
