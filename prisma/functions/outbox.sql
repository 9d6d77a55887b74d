-- A message for a member, put in the transaction of what it tells. {memberId, template, payload, at}
CREATE OR REPLACE FUNCTION outbox_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox_message (member_id, message_id, template, payload, due_at, created_at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), call->>'template', call->'payload',
            (call->>'at')::timestamptz, (call->>'at')::timestamptz);
  RETURN '{}';
END $$;

-- Takes up to {limit} due messages for this worker until {leaseUntil}; two workers never get the same one.
-- A message whose sender died after spending the consent is not taken again: it ends as unknown.
CREATE OR REPLACE FUNCTION outbox_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  taken jsonb;
BEGIN
  UPDATE outbox_message SET state = 'unknown', finished_at = now_at, outcome = 'worker lost while sending'
    WHERE state = 'sending' AND due_at <= now_at;
  WITH due AS (
    SELECT member_id, message_id FROM outbox_message WHERE state IN ('waiting', 'taken') AND due_at <= now_at
      ORDER BY due_at LIMIT (call->>'limit')::int FOR UPDATE SKIP LOCKED
  ), mine AS (
    UPDATE outbox_message m SET state = 'taken', attempts = attempts + 1, due_at = (call->>'leaseUntil')::timestamptz
      FROM due WHERE m.member_id = due.member_id AND m.message_id = due.message_id RETURNING m.*
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', member_id, 'messageId', message_id, 'template', template,
    'payload', payload, 'attempts', attempts)), '[]') INTO taken FROM mine;
  RETURN taken;
END $$;

-- Spends one stored consent and marks the message as being sent, before anything leaves: WeChat's send has no
-- idempotency key. {memberId, messageId, template, at} → {send: true} or {send: false}
CREATE OR REPLACE FUNCTION outbox_spend_consent(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  message uuid := (call->>'messageId')::uuid;
BEGIN
  PERFORM 1 FROM outbox_message WHERE member_id = member AND message_id = message AND state = 'taken' FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"send": false}'; END IF;
  UPDATE message_consent SET remaining = remaining - 1, updated_at = (call->>'at')::timestamptz
    WHERE member_id = member AND template = call->>'template' AND remaining > 0;
  IF NOT FOUND THEN
    UPDATE outbox_message SET state = 'dropped', finished_at = (call->>'at')::timestamptz, outcome = 'no consent'
      WHERE member_id = member AND message_id = message;
    RETURN '{"send": false}';
  END IF;
  UPDATE outbox_message SET state = 'sending' WHERE member_id = member AND message_id = message;
  RETURN '{"send": true}';
END $$;

-- {memberId, messageId, state: sent|refused|unknown|waiting, outcome, at, dueAt, giveBack, template}
CREATE OR REPLACE FUNCTION outbox_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE outbox_message SET state = call->>'state', outcome = call->>'outcome',
      due_at = coalesce((call->>'dueAt')::timestamptz, due_at),
      finished_at = CASE WHEN call->>'state' = 'waiting' THEN NULL ELSE (call->>'at')::timestamptz END
    WHERE member_id = (call->>'memberId')::uuid AND message_id = (call->>'messageId')::uuid AND state IN ('taken', 'sending');
  IF FOUND AND (call->>'giveBack')::boolean THEN
    PERFORM outbox_allow(call || jsonb_build_object('count', 1));
  END IF;
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

CREATE OR REPLACE FUNCTION outbox_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  UPDATE outbox_message SET member_id = dst WHERE member_id = src;
  INSERT INTO message_consent (member_id, template, remaining, updated_at)
    SELECT dst, template, remaining, updated_at FROM message_consent WHERE member_id = src
    ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
  DELETE FROM message_consent WHERE member_id = src;
  RETURN '{}';
END $$;
