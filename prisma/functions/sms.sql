-- Codes sent by text message. Each call is one conditional write, so that any number of them at once equals some order.

-- Keeps a new code for a phone, if it is not too soon and not too many today.
-- {phoneHash, codeHash, at, expiresAt, dayStart, tries, gapSeconds, perDay, otherPhones: the same phone under other keys while they
-- rotate} → {retryAfterSeconds}, 0 when it is kept
CREATE OR REPLACE FUNCTION sms_keep(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  today timestamptz := (call->>'dayStart')::timestamptz;
  gap interval := make_interval(secs => (call->>'gapSeconds')::int);
  per_day int := (call->>'perDay')::int;
  next_at timestamptz;
BEGIN
  IF call ? 'otherPhones' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(min(hash), 3)) FROM jsonb_array_elements_text(call->'otherPhones' || call->'phoneHash') hash;
    UPDATE sms_code SET phone_hash = call->>'phoneHash' WHERE call->'otherPhones' ? phone_hash::text
      AND NOT EXISTS (SELECT 1 FROM sms_code here WHERE here.phone_hash = call->>'phoneHash');
  END IF;
  INSERT INTO sms_code AS last (phone_hash, code_hash, sent_at, expires_at, tries_left, sent_today, day_start)
    VALUES (call->>'phoneHash', call->>'codeHash', now_at, (call->>'expiresAt')::timestamptz, (call->>'tries')::int, 1, today)
    ON CONFLICT (phone_hash) DO UPDATE SET code_hash = excluded.code_hash, sent_at = excluded.sent_at,
        expires_at = excluded.expires_at, tries_left = excluded.tries_left,
        sent_today = CASE WHEN last.day_start < today THEN 1 ELSE last.sent_today + 1 END,
        day_start = greatest(last.day_start, today)
      WHERE last.sent_at <= now_at - gap AND (last.day_start < today OR last.sent_today < per_day);
  IF FOUND THEN RETURN '{"retryAfterSeconds": 0}'; END IF;
  SELECT CASE WHEN sent_today >= per_day AND day_start >= today
      THEN greatest(day_start + interval '24 hours', sent_at + gap) ELSE sent_at + gap END
    INTO next_at FROM sms_code WHERE phone_hash = call->>'phoneHash';
  RETURN jsonb_build_object('retryAfterSeconds', greatest(1, ceil(extract(epoch FROM next_at - now_at))::int));
END $$;

-- The text did not get through: the next one need not wait. The code stays good in case it arrives after all, and
-- the day's count stays, so that a broken provider is not asked without end. {phoneHash, codeHash, gapSeconds}
CREATE OR REPLACE FUNCTION sms_release(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE sms_code SET sent_at = sent_at - make_interval(secs => (call->>'gapSeconds')::int)
    WHERE phone_hash = call->>'phoneHash' AND code_hash = call->>'codeHash';
  SELECT '{}'::jsonb
$$;

-- Looks at a code once: the right one is spent, a wrong one costs a try. {phoneHash, codeHash, at}, and {otherPhones, otherCodes}
-- → {right, triesLeft}, or NULL when there is nothing to look at any more
CREATE OR REPLACE FUNCTION sms_spend(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE sms_code SET tries_left =
      CASE WHEN code_hash = call->>'codeHash' OR coalesce(call->'otherCodes' ? code_hash, false) THEN 0 ELSE tries_left - 1 END
    WHERE phone_hash = ANY (ARRAY[call->>'phoneHash'] || ARRAY(SELECT jsonb_array_elements_text(call->'otherPhones')))
      AND expires_at > (call->>'at')::timestamptz AND tries_left > 0
    RETURNING jsonb_build_object('triesLeft', tries_left,
      'right', code_hash = call->>'codeHash' OR coalesce(call->'otherCodes' ? code_hash, false))
$$;
