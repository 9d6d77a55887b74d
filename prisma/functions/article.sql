-- News of the brand: what is published when, and who read it through whose link. Protects: one reading a person and article
-- (its key), the last sharer until the reader acts (a conditional write), nobody by their own link.

-- Whether readers see an article now.
CREATE OR REPLACE FUNCTION article_shown(one article, now_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT one.withdrawn_at IS NULL AND one.publish_from <= now_at AND (one.publish_until IS NULL OR one.publish_until > now_at)
$$;

-- The one that was published last; NULL when there is none.
CREATE OR REPLACE FUNCTION article_newest(now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object('articleId', a.article_id, 'title', a.title) FROM article a
    WHERE a.publish_from <= now_at AND article_shown(a, now_at) ORDER BY a.publish_from DESC, a.article_id LIMIT 1
$$;

-- Writes an article, new or from the revision that the operator had before them; one that was withdrawn is out again.
-- {request, staffId, articleId, revision?, title, summary, body, art, obligationId?, publishFrom, publishUntil?, at} → {articleId, revision}
CREATE OR REPLACE FUNCTION article_save(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  id text := call->>'articleId';
  own staff;
  now_is int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  IF call->>'obligationId' IS NOT NULL AND NOT EXISTS (SELECT 1 FROM obligation WHERE obligation_id = call->>'obligationId') THEN
    PERFORM refuse('NOT_FOUND', '{"noun": "obligation"}');
  END IF;
  IF call->>'revision' IS NULL THEN
    INSERT INTO article (article_id, title, summary, body, art, obligation_id, publish_from, publish_until, updated_at)
      VALUES (id, call->>'title', call->>'summary', call->>'body', call->>'art', call->>'obligationId',
              (call->>'publishFrom')::timestamptz, (call->>'publishUntil')::timestamptz, (call->>'at')::timestamptz)
      ON CONFLICT DO NOTHING RETURNING revision INTO now_is;
  ELSE
    UPDATE article SET title = call->>'title', summary = call->>'summary', body = call->>'body', art = call->>'art',
        obligation_id = call->>'obligationId', publish_from = (call->>'publishFrom')::timestamptz,
        publish_until = (call->>'publishUntil')::timestamptz, withdrawn_at = NULL, revision = revision + 1,
        updated_at = (call->>'at')::timestamptz
      WHERE article_id = id AND revision = (call->>'revision')::int RETURNING revision INTO now_is;
  END IF;
  IF now_is IS NULL THEN PERFORM article_missed(id); END IF;
  PERFORM article_note(call, own, 'article.save');
  RETURN request_end(call->'request', jsonb_build_object('articleId', id, 'revision', now_is));
END $$;

-- Takes an article off at once. {request, staffId, articleId, revision, at} → {articleId, revision}
CREATE OR REPLACE FUNCTION article_withdraw(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  id text := call->>'articleId';
  own staff;
  now_is int;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_operator((call->>'staffId')::uuid);
  UPDATE article SET withdrawn_at = coalesce(withdrawn_at, (call->>'at')::timestamptz), revision = revision + 1,
      updated_at = (call->>'at')::timestamptz
    WHERE article_id = id AND revision = (call->>'revision')::int RETURNING revision INTO now_is;
  IF now_is IS NULL THEN PERFORM article_missed(id); END IF;
  PERFORM article_note(call, own, 'article.withdraw');
  RETURN request_end(call->'request', jsonb_build_object('articleId', id, 'revision', now_is));
END $$;

-- There is no such article, or a colleague was faster.
CREATE OR REPLACE FUNCTION article_missed(id text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM article WHERE article_id = id) THEN PERFORM refuse('NOT_FOUND', '{"noun": "article"}'); END IF;
  PERFORM refuse('ARTICLE_CHANGED');
END $$;

CREATE OR REPLACE FUNCTION article_note(call jsonb, own staff, verb text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_note(call, own, verb, call->>'articleId');
END $$;

-- A member opens an article, by somebody's link or without; tells the member's own code, so that it can be passed on.
-- {memberId, articleId, link?, at} → {code}
CREATE OR REPLACE FUNCTION article_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM article a WHERE a.article_id = call->>'articleId' AND article_shown(a, now_at)) THEN
    PERFORM refuse('NOT_FOUND', '{"noun": "article"}');
  END IF;
  IF NOT EXISTS (SELECT 1 FROM member WHERE member_id = who AND status = 'active') THEN PERFORM refuse('SESSION_OVER'); END IF;
  own := referral_open(call);
  PERFORM article_attribute(who, call->>'articleId', call->>'link', now_at);
  RETURN own;
END $$;

-- Notes through whose link somebody read an article: the last one's, until the reader acts. Nothing is noted for an unknown
-- link, one of somebody who left, or the reader's own.
CREATE OR REPLACE FUNCTION article_attribute(reader uuid, wanted text, link text, opened timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  sharer uuid;
BEGIN
  LOOP
    -- a merge of either that is under way is waited for, and the link leads to its owner of then
    SELECT member_id INTO sharer FROM referral_link WHERE code = link;
    PERFORM 1 FROM member WHERE member_id IN (reader, sharer) ORDER BY member_id FOR KEY SHARE;
    EXIT WHEN sharer IS NOT DISTINCT FROM (SELECT member_id FROM referral_link WHERE code = link);
  END LOOP;
  IF sharer = reader OR (SELECT count(*) FROM member WHERE member_id IN (reader, sharer) AND status = 'active') < 2 THEN RETURN; END IF;
  INSERT INTO article_reading AS mine (member_id, article_id, sharer_id, opened_at, state) VALUES (reader, wanted, sharer, opened, 'read')
    ON CONFLICT (member_id, article_id) DO UPDATE SET sharer_id = excluded.sharer_id, opened_at = excluded.opened_at
      WHERE mine.state = 'read' AND mine.opened_at <= excluded.opened_at;
END $$;
