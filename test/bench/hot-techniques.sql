-- Other ways to take one piece of what everybody wants. Each schema holds only what differs and stands before "public" in the
-- search path of its connections: all else of the exchange is the house's own.

-- One row, taken before the points: everybody waits for everybody's whole exchange.
CREATE SCHEMA hot_first;
CREATE FUNCTION hot_first.mall_any_left(item reward) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = item.reward_id AND slot = 0 AND remaining > 0;
  RETURN FOUND;
END $$;
CREATE FUNCTION hot_first.mall_take_slot(which text, gone text) RETURNS int
LANGUAGE sql AS $$ SELECT 0 $$;

-- One row, taken last.
CREATE SCHEMA hot_last;
CREATE FUNCTION hot_last.mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = 0 AND remaining > 0;
  IF NOT FOUND THEN PERFORM refuse(gone); END IF;
  RETURN 0;
END $$;

-- One row, taken last and never waited for: who meets somebody else comes again.
CREATE SCHEMA hot_nowait;
CREATE FUNCTION hot_nowait.mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM reward_stock WHERE reward_id = which AND slot = 0 AND remaining > 0 FOR UPDATE NOWAIT;
  IF NOT FOUND THEN PERFORM refuse(gone); END IF;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = 0;
  RETURN 0;
END $$;

-- Many exchanges in one transaction; one that is refused leaves the others as they are. [call] → [{answer} | {refused, detail}]
CREATE SCHEMA hot_batch;
CREATE FUNCTION hot_batch.exchange_batch(calls jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  one jsonb;
  words text;
  answers jsonb := '[]';
BEGIN
  FOR one IN SELECT value FROM jsonb_array_elements(calls) LOOP
    BEGIN
      answers := answers || jsonb_build_object('answer', mall_exchange(one));
    EXCEPTION WHEN SQLSTATE 'HY001' THEN
      GET STACKED DIAGNOSTICS words = PG_EXCEPTION_DETAIL;
      answers := answers || jsonb_build_object('refused', SQLERRM, 'detail', words::jsonb);
    END;
  END LOOP;
  RETURN answers;
END $$;

-- Slots, and where all are held one is waited for. A slot that was emptied meanwhile stays locked, so two who wait may each
-- hold what the other waits for.
CREATE SCHEMA hot_waiting;
CREATE FUNCTION hot_waiting.mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  start int := floor(random() * 64);
  taken int;
BEGIN
  SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
    ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
      ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse(gone); END IF;
  END IF;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = taken;
  RETURN taken;
END $$;
