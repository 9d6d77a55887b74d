-- What happened to orders, told to the systems of a store. What is to be told is written with what it tells of, once for each
-- webhook that wants to hear it; a worker posts it later, again and again for a day.

-- {request, staffId, webhookId, url, events, secretSealed (base64), at} → {webhookId}
CREATE OR REPLACE FUNCTION webhook_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  INSERT INTO webhook (webhook_id, store_id, url, events, secret_sealed, created_by, created_at)
    VALUES ((call->>'webhookId')::uuid, own.store_id, call->>'url', ARRAY(SELECT jsonb_array_elements_text(call->'events')),
            decode(call->>'secretSealed', 'base64'), own.member_id, (call->>'at')::timestamptz);
  PERFORM audit_note(call, own, 'webhook.create', call->>'webhookId');
  RETURN request_end(call->'request', jsonb_build_object('webhookId', call->'webhookId'));
END $$;

-- What still waits for it is given up. {request, staffId, webhookId, at} → {endedAt}
CREATE OR REPLACE FUNCTION webhook_end(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
  ended webhook;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  SELECT * INTO ended FROM webhook WHERE webhook_id = (call->>'webhookId')::uuid AND store_id = own.store_id FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "webhook"}'); END IF;
  IF ended.ended_at IS NULL THEN
    UPDATE webhook SET ended_at = (call->>'at')::timestamptz, ended_by = own.member_id WHERE webhook_id = ended.webhook_id
      RETURNING * INTO ended;
    UPDATE webhook_delivery SET state = 'given_up' WHERE webhook_id = ended.webhook_id AND state = 'waiting';
    PERFORM audit_note(call, own, 'webhook.end', call->>'webhookId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('endedAt', iso_text(ended.ended_at)));
END $$;

-- One more time, now, whatever has become of it. {request, staffId, deliveryId, at} → {deliveryId}
CREATE OR REPLACE FUNCTION webhook_resend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := manages_till(call, NULL);
  -- held, so that it does not end meanwhile
  PERFORM 1 FROM webhook w JOIN webhook_delivery d USING (webhook_id) WHERE d.delivery_id = (call->>'deliveryId')::uuid FOR SHARE OF w;
  UPDATE webhook_delivery d SET state = 'waiting', next_at = (call->>'at')::timestamptz FROM webhook w
    WHERE d.delivery_id = (call->>'deliveryId')::uuid AND w.webhook_id = d.webhook_id AND w.store_id = own.store_id AND w.ended_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "delivery"}'); END IF;
  PERFORM audit_note(call, own, 'webhook.resend', call->>'deliveryId');
  RETURN request_end(call->'request', jsonb_build_object('deliveryId', call->'deliveryId'));
END $$;

-- Run along with a settled or returned order: one delivery for each webhook of the order's store that wants the event.
-- Numbers of the order alone. {event, memberId, orderId, leftFen?, at}
CREATE OR REPLACE FUNCTION webhook_put(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  told purchase;
  back purchase_return;
  facts jsonb;
BEGIN
  SELECT * INTO told FROM purchase WHERE member_id = (call->>'memberId')::uuid AND order_id = (call->>'orderId')::uuid;
  facts := jsonb_build_object('orderNo', told.order_no, 'storeId', told.store_id, 'tillId', told.till_id);
  IF call->>'event' = 'order.returned' THEN
    SELECT * INTO back FROM purchase_return WHERE member_id = told.member_id AND order_id = told.order_id ORDER BY nth DESC LIMIT 1;
    facts := facts || jsonb_build_object('nth', back.nth, 'refundedFen', back.amount_fen, 'refundedTotalFen', told.refunded_fen,
      'leftFen', told.amount_fen - told.refunded_fen, 'returnedAt', call->'at');
  ELSE
    facts := facts || jsonb_build_object('channel', told.channel, 'fullFen', told.full_fen, 'amountFen', told.amount_fen,
      'points', told.points, 'settledAt', call->'at');
  END IF;
  INSERT INTO webhook_delivery (delivery_id, webhook_id, event, payload, state, next_at, created_at)
    SELECT uuid_v7(now_at), webhook_id, call->>'event', facts, 'waiting', now_at, now_at FROM webhook
      -- held, so that nothing is put behind an end of this very moment
      WHERE store_id = told.store_id AND ended_at IS NULL AND call->>'event' = ANY (events) FOR SHARE;
  RETURN '{}';
END $$;

-- Takes up to {limit} that are due for this worker until {leaseUntil}, {each} of one webhook at most, so that one that does not
-- answer keeps nobody else waiting. → [{deliveryId, webhookId, url, secretSealed, event, payload, attempt, createdAt}]
CREATE OR REPLACE FUNCTION webhook_take(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  taken jsonb;
BEGIN
  WITH ahead AS (
    SELECT delivery_id, webhook_id, next_at FROM webhook_delivery WHERE state = 'waiting' AND next_at <= now_at
      ORDER BY next_at LIMIT (call->>'limit')::int * 20
  ), fair AS (
    SELECT delivery_id FROM (SELECT *, row_number() OVER (PARTITION BY webhook_id ORDER BY next_at) AS nth FROM ahead) ranked
      WHERE nth <= (call->>'each')::int ORDER BY next_at LIMIT (call->>'limit')::int
  ), due AS (
    SELECT delivery_id FROM webhook_delivery WHERE delivery_id IN (SELECT delivery_id FROM fair)
      AND state = 'waiting' AND next_at <= now_at FOR UPDATE SKIP LOCKED
  ), mine AS (
    UPDATE webhook_delivery d SET attempts = attempts + 1, next_at = (call->>'leaseUntil')::timestamptz
      FROM due WHERE d.delivery_id = due.delivery_id RETURNING d.*
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('deliveryId', mine.delivery_id, 'webhookId', webhook_id, 'url', url,
      'secretSealed', encode(secret_sealed, 'base64'), 'event', event, 'payload', payload, 'attempt', attempts,
      'createdAt', iso_text(mine.created_at)) ORDER BY mine.delivery_id), '[]')
    INTO taken FROM mine JOIN webhook USING (webhook_id);
  RETURN taken;
END $$;

-- What came of one attempt; of an attempt that another one has followed nothing is written. A webhook that has heard nothing
-- for {endAfterDays} days of given-up deliveries is ended. {deliveryId, attempt, state, status, nextAt, endAfterDays, at} → {ended}
CREATE OR REPLACE FUNCTION webhook_finish(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  told webhook_delivery;
  silent_since timestamptz;
BEGIN
  -- the webhook before its deliveries, as in webhook_end
  IF call->>'state' = 'given_up' THEN
    PERFORM 1 FROM webhook w JOIN webhook_delivery d USING (webhook_id) WHERE d.delivery_id = (call->>'deliveryId')::uuid FOR UPDATE OF w;
  END IF;
  UPDATE webhook_delivery SET state = call->>'state', last_status = (call->>'status')::int,
      next_at = coalesce((call->>'nextAt')::timestamptz, next_at),
      sent_at = CASE WHEN call->>'state' = 'sent' THEN now_at ELSE sent_at END
    WHERE delivery_id = (call->>'deliveryId')::uuid AND attempts = (call->>'attempt')::int AND state = 'waiting' RETURNING * INTO told;
  IF NOT FOUND OR told.state <> 'given_up' THEN RETURN '{"ended": false}'; END IF;
  SELECT min(d.created_at) INTO silent_since FROM webhook_delivery d WHERE d.webhook_id = told.webhook_id AND d.state = 'given_up'
    AND d.created_at > coalesce((SELECT max(sent_at) FROM webhook_delivery s WHERE s.webhook_id = told.webhook_id), '-infinity');
  -- NULL where younger ones were heard: it is this one that is not wanted
  IF silent_since IS NULL OR silent_since > now_at - make_interval(days => (call->>'endAfterDays')::int) THEN
    RETURN '{"ended": false}';
  END IF;
  UPDATE webhook SET ended_at = now_at WHERE webhook_id = told.webhook_id AND ended_at IS NULL;
  UPDATE webhook_delivery SET state = 'given_up' WHERE webhook_id = told.webhook_id AND state = 'waiting';
  RETURN '{"ended": true}';
END $$;

-- Forgets what was told, or could not be, before an instant; found webhook by webhook. {before} → {forgotten}
CREATE OR REPLACE FUNCTION webhook_forget(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  forgotten int;
BEGIN
  DELETE FROM webhook_delivery d USING webhook w
    WHERE d.webhook_id = w.webhook_id AND d.created_at < (call->>'before')::timestamptz AND d.state <> 'waiting';
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN jsonb_build_object('forgotten', forgotten);
END $$;
