-- The messages that leave the house. WeChat's send has no idempotency key, so the order is fixed: take, spend the
-- consent, send, finish; what is lost between spending and finishing ends as unknown and is never sent again.

-- A message for a member, put in the transaction of what it tells. {memberId, template, payload, at, ifAllowed}
-- With ifAllowed it is only written for a member who allows one now: most orders need no row that nobody will send.
CREATE OR REPLACE FUNCTION outbox_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF (call->>'ifAllowed')::boolean AND NOT EXISTS (SELECT 1 FROM message_consent
      WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template' AND remaining > 0) THEN
    RETURN '{}';
  END IF;
  INSERT INTO outbox_message (member_id, message_id, template, payload, due_at, created_at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), call->>'template', call->'payload',
            (call->>'at')::timestamptz, (call->>'at')::timestamptz);
  RETURN '{}';
END $$;

-- Takes up to {limit} messages due {at} for this worker until {leaseUntil}, one a member; two workers never get the
-- same one. A message written for a member who was merged meanwhile goes to the survivor.
CREATE OR REPLACE FUNCTION outbox_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  taken jsonb;
BEGIN
  UPDATE outbox_message SET state = 'unknown', finished_at = now_at, outcome = 'worker lost while sending'
    WHERE (member_id, message_id) IN (SELECT member_id, message_id FROM outbox_message
      WHERE state = 'sending' AND due_at <= now_at FOR UPDATE SKIP LOCKED);
  WITH due AS (
    SELECT m.member_id, m.message_id FROM outbox_message m
      WHERE m.state IN ('waiting', 'taken') AND m.due_at <= now_at
        AND NOT EXISTS (SELECT 1 FROM outbox_message o WHERE o.member_id = m.member_id AND o.message_id <> m.message_id
          AND ((o.state IN ('taken', 'sending') AND o.due_at > now_at)
            OR (o.state IN ('waiting', 'taken') AND o.due_at <= now_at
              AND (o.due_at, o.message_id) < (m.due_at, m.message_id))))
      ORDER BY m.due_at, m.message_id LIMIT (call->>'limit')::int FOR UPDATE OF m SKIP LOCKED
  ), mine AS (
    UPDATE outbox_message m SET state = 'taken', due_at = (call->>'leaseUntil')::timestamptz,
        member_id = coalesce((SELECT p.merged_into FROM member p WHERE p.member_id = m.member_id), m.member_id)
      FROM due WHERE m.member_id = due.member_id AND m.message_id = due.message_id RETURNING m.*
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', member_id, 'messageId', message_id, 'template', template,
    'payload', payload, 'createdAt', created_at)), '[]') INTO taken FROM mine;
  RETURN taken;
END $$;

-- Spends one stored consent and marks the message as being sent, before anything leaves. One message of a member is
-- under way at a time, over all workers: WeChat refuses the second (43108).
-- {memberId, messageId, template, at, leaseUntil} → {verdict: send|no_consent|wait|gone, attempt}
CREATE OR REPLACE FUNCTION outbox_spend_consent(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  message uuid := (call->>'messageId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  attempt int;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('outbox|' || member, 0));
  PERFORM 1 FROM outbox_message WHERE member_id = member AND message_id = message AND state = 'taken' FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"verdict": "gone"}'; END IF;
  IF EXISTS (SELECT 1 FROM outbox_message WHERE member_id = member AND state = 'sending' AND due_at > now_at) THEN
    UPDATE outbox_message SET state = 'waiting', due_at = now_at + interval '2 seconds'
      WHERE member_id = member AND message_id = message;
    RETURN '{"verdict": "wait"}';
  END IF;
  UPDATE message_consent SET remaining = remaining - 1, updated_at = now_at
    WHERE member_id = member AND template = call->>'template' AND remaining > 0;
  IF NOT FOUND THEN
    PERFORM outbox_drop(call || '{"outcome": "no consent"}');
    RETURN '{"verdict": "no_consent"}';
  END IF;
  UPDATE outbox_message SET state = 'sending', attempts = attempts + 1, due_at = (call->>'leaseUntil')::timestamptz
    WHERE member_id = member AND message_id = message RETURNING attempts INTO attempt;
  RETURN jsonb_build_object('verdict', 'send', 'attempt', attempt);
END $$;

-- A message that cannot be sent at all ends before a consent is spent. {memberId, messageId, outcome, at}
CREATE OR REPLACE FUNCTION outbox_drop(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE outbox_message SET state = 'dropped', finished_at = (call->>'at')::timestamptz, outcome = left(call->>'outcome', 60)
    WHERE member_id = (call->>'memberId')::uuid AND message_id = (call->>'messageId')::uuid AND state = 'taken';
  SELECT '{}'::jsonb
$$;

-- What became of a message that was being sent; the only sender of it says so, if late then over the 'unknown' it was
-- given meanwhile, and wherever a merge, or one taken back, has moved it.
-- {memberId, messageId, template, state: sent|refused|unknown|waiting, outcome, at, dueAt, consent: spent|back|none}
CREATE OR REPLACE FUNCTION outbox_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  owner uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT outbox_end(owner, call) THEN
    SELECT heir INTO owner FROM merge_heirs(owner) heir WHERE heir <> owner AND outbox_end(heir, call) LIMIT 1;
    IF NOT FOUND THEN RETURN '{}'; END IF;
  END IF;
  IF call->>'consent' = 'back' THEN
    PERFORM outbox_allow(call || jsonb_build_object('memberId', owner, 'count', 1));
  ELSIF call->>'consent' = 'none' THEN
    PERFORM outbox_forbid(call || jsonb_build_object('memberId', owner));
  END IF;
  RETURN '{}';
END $$;

CREATE OR REPLACE FUNCTION outbox_end(owner uuid, call jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE outbox_message SET state = call->>'state', outcome = coalesce(left(call->>'outcome', 60), outcome),
      due_at = coalesce((call->>'dueAt')::timestamptz, due_at),
      finished_at = CASE WHEN call->>'state' = 'waiting' THEN NULL ELSE (call->>'at')::timestamptz END
    WHERE member_id = owner AND message_id = (call->>'messageId')::uuid AND state IN ('sending', 'unknown');
  RETURN FOUND;
END $$;

-- WeChat reports how a delivery went, without a number that its sender knows: the latest message of this template to
-- this member around that time is the one. {memberId, template, at, delivered, outcome}
CREATE OR REPLACE FUNCTION outbox_delivery(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  said_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  UPDATE outbox_message SET outcome = left(call->>'outcome', 60),
      state = CASE WHEN state = 'unknown' AND (call->>'delivered')::boolean THEN 'sent' ELSE state END
    WHERE (member_id, message_id) = (SELECT member_id, message_id FROM outbox_message
      WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template'
        AND (state = 'sending' OR (state IN ('sent', 'unknown')
          AND finished_at BETWEEN said_at - interval '10 minutes' AND said_at + interval '10 minutes'))
      ORDER BY message_id DESC LIMIT 1);
  RETURN '{}';
END $$;

-- The member allowed {count} more messages of {template}; WeChat's own counter is bounded, so is ours.
CREATE OR REPLACE FUNCTION outbox_allow(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO message_consent (member_id, template, remaining, updated_at)
    VALUES ((call->>'memberId')::uuid, call->>'template', greatest(0, (call->>'count')::int), (call->>'at')::timestamptz)
    ON CONFLICT (member_id, template) DO UPDATE SET
      remaining = least(100, greatest(0, message_consent.remaining + (call->>'count')::int)), updated_at = excluded.updated_at;
  SELECT '{}'::jsonb
$$;

-- No message of {template} is allowed any more. {memberId, template, at}
CREATE OR REPLACE FUNCTION outbox_forbid(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE message_consent SET remaining = 0, updated_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND template = call->>'template';
  SELECT '{}'::jsonb
$$;
