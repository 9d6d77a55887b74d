-- What readers did after reading, told to whoever had passed the article on. Protects: one action makes one reading act (the member is
-- held by the statement in which it happened), a reading counts once (a conditional write), and never for a purchase that went back.

-- Somebody joined after an article had led here: the sharer is noted as for a member, from when the phone says it was opened. An older
-- opening than the days that count is nobody's. {memberId, at, articleId, link?, openedAt?: epoch ms, windowDays}
CREATE OR REPLACE FUNCTION article_on_join(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  opened timestamptz := least(now_at, coalesce(to_timestamp((call->>'openedAt')::numeric / 1000), now_at));
BEGIN
  IF NOT EXISTS (SELECT 1 FROM article WHERE article_id = call->>'articleId') THEN RETURN NULL; END IF;
  UPDATE member SET join_article = call->>'articleId' WHERE member_id = who AND join_article IS NULL;
  IF opened > now_at - make_interval(days => (call->>'windowDays')::int) THEN
    PERFORM article_attribute(who, call->>'articleId', call->>'link', opened);
  END IF;
  RETURN '{}';
END $$;

-- The first purchase of somebody who came with an article is what its sharer brought about: of several articles, the one opened last.
-- {memberId, orderId, amountFen, at, countAt, windowDays, newAfterDays, fromFen} → {articleId} or NULL
CREATE OR REPLACE FUNCTION article_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  wanted text;
BEGIN
  SELECT r.article_id INTO wanted FROM article_open(call) r
    -- the page is still open as its guest joins, and tells at once that a member reads it: by the same link it is the same opening
    WHERE r.opened_at <= member_new_since(who) OR EXISTS (SELECT 1 FROM member m JOIN referral_link l ON l.code = m.join_link
      WHERE m.member_id = who AND m.join_article = r.article_id AND l.member_id = r.sharer_id)
    ORDER BY r.opened_at DESC, r.article_id LIMIT 1;
  IF wanted IS NULL OR (call->>'amountFen')::int < (call->>'fromFen')::int
    OR order_bought_before(who, now_at, (call->>'newAfterDays')::int)
    -- at one instant none is before the other
    OR EXISTS (SELECT 1 FROM article_reading WHERE member_id = who AND action = 'order' AND state IN ('acted', 'counted')) THEN
    RETURN NULL;
  END IF;
  RETURN article_act(call, wanted, 'order', (call->>'orderId')::uuid);
END $$;

-- Somebody came to an activity: what an article that speaks of it brought about, or one that speaks of none.
-- {memberId, obligationId, proofId, at, countAt, windowDays} → {articleId} or NULL
CREATE OR REPLACE FUNCTION article_on_activity(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  wanted text;
BEGIN
  SELECT r.article_id INTO wanted FROM article_open(call) r JOIN article a USING (article_id)
    WHERE coalesce(a.obligation_id, call->>'obligationId') = call->>'obligationId'
    ORDER BY a.obligation_id IS NULL, r.opened_at DESC, r.article_id LIMIT 1;
  RETURN CASE WHEN wanted IS NOT NULL THEN article_act(call, wanted, 'activity', (call->>'proofId')::uuid) END;
END $$;

-- The readings of a member that an action now is looked at for; what was withdrawn brings nothing about any more.
CREATE OR REPLACE FUNCTION article_open(call jsonb) RETURNS SETOF article_reading
LANGUAGE sql STABLE AS $$
  SELECT r.* FROM article_reading r JOIN article a USING (article_id)
    WHERE r.member_id = (call->>'memberId')::uuid AND r.state = 'read' AND a.withdrawn_at IS NULL
      AND r.opened_at > (call->>'at')::timestamptz - make_interval(days => (call->>'windowDays')::int)
$$;

-- Writes the action to the reading, if it is still open and the action is no other one's.
CREATE OR REPLACE FUNCTION article_act(call jsonb, wanted text, deed text, deed_id uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE article_reading r SET state = 'acted', action = deed, action_id = deed_id, acted_at = (call->>'at')::timestamptz,
      count_at = (call->>'countAt')::timestamptz
    WHERE r.member_id = (call->>'memberId')::uuid AND r.article_id = wanted AND r.state = 'read'
      AND NOT EXISTS (SELECT 1 FROM article_reading o WHERE o.member_id = r.member_id AND o.action_id = deed_id);
  RETURN CASE WHEN FOUND THEN jsonb_build_object('articleId', wanted) END;
END $$;

-- The purchase went back: what waited ends, what was counted is taken back. A part matters once what is left would not have been enough.
-- {memberId, orderId, at, fromFen, leftFen?} → {articleId} or NULL
CREATE OR REPLACE FUNCTION article_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  -- a reading that a merge made none may lie with its own record; the step that it had brought may stand all the same
  people uuid[] := ARRAY(SELECT merge_former((call->>'memberId')::uuid));
  bought uuid := (call->>'orderId')::uuid;
  sharer uuid;
  held article_reading;
BEGIN
  SELECT sharer_id INTO sharer FROM article_reading WHERE member_id = ANY (people) AND action_id = bought;
  IF NOT FOUND OR ((call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= (call->>'fromFen')::int) THEN RETURN NULL; END IF;
  -- the sharer before the reading, as the job that counts does
  PERFORM 1 FROM member WHERE member_id = sharer FOR NO KEY UPDATE;
  SELECT * INTO held FROM article_reading WHERE member_id = ANY (people) AND action_id = bought FOR UPDATE;
  IF held.sharer_id IS DISTINCT FROM sharer THEN PERFORM refuse('BUSY'); END IF;
  PERFORM article_end(held, 'returned', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('articleId', held.article_id);
END $$;

-- A reading that comes to nothing; what was counted for it is taken back from whoever has it by now. What a merge finds out costs no
-- reward that was given; of one that was void already that is taken once its purchase is returned.
CREATE OR REPLACE FUNCTION article_end(held article_reading, why text, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE article_reading SET state = 'void', reason = why WHERE member_id = held.member_id AND article_id = held.article_id;
  IF held.state IN ('counted', 'void') THEN
    PERFORM obligation_retract(jsonb_build_object('memberId', held.sharer_id, 'counts', 'reader_acted', 'sourceId', held.action_id, 'at', now_at,
      'keepGiven', why IN ('self', 'double')));
  END IF;
END $$;

-- Whether what a reader did still stands: a purchase may have come back, or so much of it, while its reading lay in a merge.
CREATE OR REPLACE FUNCTION article_kept(held article_reading) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT held.action IS DISTINCT FROM 'order' OR NOT (
    EXISTS (SELECT 1 FROM purchase
      WHERE member_id IN (SELECT merge_heirs(held.member_id)) AND order_id = held.action_id AND state = 'returned')
    OR EXISTS (SELECT 1 FROM article_reading r WHERE r.member_id IN (SELECT merge_heirs(held.member_id))
      AND r.article_id = held.article_id AND r.action_id = held.action_id AND r.reason = 'returned'))
$$;

-- The day of one reading has come: it counts for its sharer, unless something speaks against the two being two people. Its source is the
-- action, which keeps its name whoever the reader is later. A sharer who is busy just now is left for the next run.
-- {memberId, articleId, sharerId, doubtful, at, expiresAt} → {state: counted | void, or null}
CREATE OR REPLACE FUNCTION article_count(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  sharer uuid := (call->>'sharerId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  held article_reading;
  why text;
BEGIN
  PERFORM 1 FROM member WHERE member_id = sharer AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"state": null}'; END IF;
  SELECT * INTO held FROM article_reading WHERE member_id = (call->>'memberId')::uuid AND article_id = call->>'articleId'
    AND sharer_id = sharer AND state = 'acted' AND count_at <= now_at FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"state": null}'; END IF;
  why := CASE WHEN NOT article_kept(held) THEN 'returned' WHEN (call->>'doubtful')::boolean THEN 'doubtful' END;
  IF why IS NOT NULL THEN
    PERFORM article_end(held, why, now_at);
    RETURN '{"state": "void"}';
  END IF;
  UPDATE article_reading SET state = 'counted' WHERE member_id = held.member_id AND article_id = held.article_id;
  PERFORM obligation_count(jsonb_build_object('memberId', sharer, 'counts', 'reader_acted', 'sourceId', held.action_id, 'at', now_at,
    'articleId', held.article_id, 'expiresAt', call->'expiresAt'));
  RETURN '{"state": "counted"}';
END $$;

-- What became of the articles that a member passed on: how many, never who. {memberId, at, windowDays}
-- → [{articleId, title, art, readers, waiting, counted, returned, doubtful, self, double, passed, nextAt}]
CREATE OR REPLACE FUNCTION article_mine(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(to_jsonb(each) - 'last' ORDER BY each.last DESC, each."articleId"), '[]') FROM (
    SELECT a.article_id AS "articleId", a.title, a.art, max(r.opened_at) AS last, count(*) AS readers,
        count(*) FILTER (WHERE r.state = 'acted') AS waiting, count(*) FILTER (WHERE r.state = 'counted') AS counted,
        count(*) FILTER (WHERE r.reason = 'returned') AS returned, count(*) FILTER (WHERE r.reason = 'doubtful') AS doubtful,
        count(*) FILTER (WHERE r.reason = 'self') AS self, count(*) FILTER (WHERE r.reason = 'double') AS double,
        count(*) FILTER (WHERE r.state = 'read'
          AND r.opened_at <= (call->>'at')::timestamptz - make_interval(days => (call->>'windowDays')::int)) AS passed,
        iso_text(min(r.count_at) FILTER (WHERE r.state = 'acted')) AS "nextAt"
      FROM article_reading r JOIN article a USING (article_id) WHERE r.sharer_id = (call->>'memberId')::uuid
      GROUP BY a.article_id, a.title, a.art ORDER BY max(r.opened_at) DESC, a.article_id LIMIT 50) each
$$;

-- Who leaves has read nothing and passed on nothing. {memberId, records}
CREATE OR REPLACE FUNCTION article_erase(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM article_reading WHERE member_id = ANY (erase_records(call)) OR sharer_id = ANY (erase_records(call));
  RETURN '{}';
END $$;
