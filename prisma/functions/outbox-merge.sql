-- Messages and what is allowed of them go with their record, and back with it.

CREATE OR REPLACE FUNCTION outbox_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  messages jsonb;
  waiting int;
  theirs jsonb;
  own jsonb;
BEGIN
  WITH moving AS (UPDATE outbox_message SET member_id = dst WHERE member_id = src RETURNING message_id, state)
  SELECT jsonb_agg(message_id), count(*) FILTER (WHERE state = 'waiting') INTO messages, waiting FROM moving;
  SELECT jsonb_agg(to_jsonb(c)), (SELECT jsonb_agg(to_jsonb(o)) FROM message_consent o WHERE o.member_id = dst) INTO theirs, own
    FROM message_consent c WHERE member_id = src;
  IF theirs IS NOT NULL THEN
    INSERT INTO message_consent (member_id, template, remaining, updated_at)
      SELECT dst, template, remaining, updated_at FROM message_consent WHERE member_id = src
      ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
    DELETE FROM message_consent WHERE member_id = src;
  END IF;
  RETURN CASE WHEN messages IS NULL AND theirs IS NULL THEN '{}'
      ELSE jsonb_build_object('moved', jsonb_strip_nulls(jsonb_build_object('messages', messages, 'theirs', theirs,
        'own', CASE WHEN theirs IS NOT NULL THEN own END))) END
    || CASE WHEN waiting > 0 THEN jsonb_build_object('came', jsonb_build_object('messages', waiting)) ELSE '{}' END;
END $$;

-- What had come goes back, sent or waiting. Of what is still allowed the separated record gets what it brought, as far as it is
-- there: never is a message allowed that WeChat would not take. {from, to, at, moved: {messages, theirs, own}}
CREATE OR REPLACE FUNCTION outbox_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  theirs message_consent;
  own message_consent;
  held message_consent;
  waiting int;
BEGIN
  WITH moving AS (UPDATE outbox_message SET member_id = dst
    WHERE member_id = src AND message_id = ANY (uuid_list(call->'moved'->'messages')) RETURNING state)
  SELECT count(*) FILTER (WHERE state = 'waiting') INTO waiting FROM moving;
  FOR theirs IN SELECT * FROM jsonb_populate_recordset(NULL::message_consent, call->'moved'->'theirs') LOOP
    SELECT * INTO own FROM jsonb_populate_recordset(NULL::message_consent, call->'moved'->'own') WHERE template = theirs.template;
    SELECT * INTO held FROM message_consent WHERE member_id = src AND template = theirs.template FOR UPDATE;
    CONTINUE WHEN held.member_id IS NULL;
    IF (held.remaining, held.updated_at) IS DISTINCT FROM (least(100, theirs.remaining + coalesce(own.remaining, 0)),
        coalesce(own.updated_at, theirs.updated_at)) THEN
      -- sent, allowed or forbidden since
      theirs.remaining := least(theirs.remaining, held.remaining);
      theirs.updated_at := held.updated_at;
      own := held;
      own.remaining := held.remaining - theirs.remaining;
    END IF;
    UPDATE message_consent SET remaining = own.remaining, updated_at = own.updated_at
      WHERE own.member_id IS NOT NULL AND member_id = src AND template = theirs.template;
    DELETE FROM message_consent WHERE own.member_id IS NULL AND member_id = src AND template = theirs.template;
    INSERT INTO message_consent (member_id, template, remaining, updated_at)
      VALUES (dst, theirs.template, theirs.remaining, theirs.updated_at)
      ON CONFLICT (member_id, template) DO UPDATE SET remaining = least(100, message_consent.remaining + excluded.remaining);
  END LOOP;
  RETURN CASE WHEN waiting > 0 THEN jsonb_build_object('back', jsonb_build_object('messages', waiting)) ELSE '{}' END;
END $$;
