-- Two records are one person: what both have read and passed on goes along. Nobody is a reader of what they passed on themselves, and one
-- person is one reader: where both have read an article, the reading further along stands, the other lies with its own record.

-- {from, to, at}; the journal is {readings: [{theirs, own}: rows as they were], shared: [{memberId, articleId, openedAt}]}
CREATE OR REPLACE FUNCTION article_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  pair record;
  moved jsonb := '{}';
  part jsonb;
  ended int := 0;
BEGIN
  PERFORM 1 FROM article_reading WHERE member_id IN (src, dst) OR sharer_id IN (src, dst) ORDER BY member_id, article_id FOR UPDATE;
  IF NOT FOUND THEN RETURN '{}'; END IF;
  SELECT jsonb_agg(jsonb_build_object('theirs', to_jsonb(theirs), 'own', to_jsonb(own)) ORDER BY article_id) INTO part
    FROM (SELECT * FROM article_reading WHERE member_id = src) theirs
    FULL JOIN (SELECT * FROM article_reading WHERE member_id = dst) own USING (article_id)
    WHERE theirs.member_id IS NOT NULL OR own.sharer_id = src;
  IF part IS NOT NULL THEN moved := jsonb_build_object('readings', part); END IF;
  FOR pair IN SELECT (jsonb_populate_record(NULL::article_reading, nullif(value->'theirs', 'null'))) AS theirs,
      (jsonb_populate_record(NULL::article_reading, nullif(value->'own', 'null'))) AS own FROM jsonb_array_elements(part) LOOP
    ended := ended + article_join(pair.theirs, pair.own, src, dst, now_at);
  END LOOP;
  WITH went AS (UPDATE article_reading SET sharer_id = dst WHERE sharer_id = src AND member_id NOT IN (src, dst)
      RETURNING member_id, article_id, opened_at)
    SELECT jsonb_agg(jsonb_build_object('memberId', member_id, 'articleId', article_id, 'openedAt', opened_at)
      ORDER BY member_id, article_id) INTO part FROM went;
  IF part IS NOT NULL THEN moved := moved || jsonb_build_object('shared', part); END IF;
  RETURN CASE moved WHEN '{}' THEN '{}' ELSE jsonb_build_object('moved', moved) END || jsonb_build_object('reversed',
    CASE WHEN ended > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'reading_void', 'count', ended)) ELSE '[]' END);
END $$;

-- Puts two records' readings of one article together; either may be none. → how many of what had been counted are not any more
CREATE OR REPLACE FUNCTION article_join(theirs article_reading, own article_reading, src uuid, dst uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  stands article_reading := CASE WHEN article_before(theirs, own) THEN theirs ELSE own END;
  other article_reading := CASE WHEN article_before(theirs, own) THEN own ELSE theirs END;
  ended int := 0;
BEGIN
  IF stands.sharer_id IN (src, dst) AND stands.state <> 'void' THEN
    PERFORM article_end(stands, 'self', now_at);
    ended := (stands.state = 'counted')::int;
    stands.state := 'void';
    stands.reason := 'self';
  END IF;
  IF other.member_id IS NOT NULL AND other.state <> 'void' THEN
    PERFORM article_end(other, CASE WHEN other.sharer_id IN (src, dst) THEN 'self' ELSE 'double' END, now_at);
    ended := ended + (other.state = 'counted')::int;
    other.reason := CASE WHEN other.sharer_id IN (src, dst) THEN 'self' ELSE 'double' END;
    other.state := 'void';
  END IF;
  stands.member_id := dst;
  other.member_id := CASE WHEN other.member_id IS NOT NULL THEN src END;
  PERFORM article_put(stands, other, src, dst, dst);
  RETURN ended;
END $$;

-- Whether the first of two readings stands: further along, else the one that acted first, else the one opened last.
CREATE OR REPLACE FUNCTION article_before(a article_reading, b article_reading) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT b.member_id IS NULL OR (a.member_id IS NOT NULL AND (
    (array_position(ARRAY['void', 'read', 'acted', 'counted'], a.state::text), coalesce(b.acted_at, '-infinity'), a.opened_at, a.member_id)
    > (array_position(ARRAY['void', 'read', 'acted', 'counted'], b.state::text), coalesce(a.acted_at, '-infinity'), b.opened_at, b.member_id)))
$$;

-- Writes these two readings of one article in place of whatever the two records have of it; either may be none. A sharer who is
-- {was} by now is {becomes}.
CREATE OR REPLACE FUNCTION article_put(one article_reading, two article_reading, was uuid, becomes uuid, other_record uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM article_reading WHERE member_id IN (was, becomes, other_record) AND article_id = coalesce(one.article_id, two.article_id);
  IF one.sharer_id = was THEN one.sharer_id := becomes; END IF;
  IF two.sharer_id = was THEN two.sharer_id := becomes; END IF;
  IF one.member_id IS NOT NULL THEN INSERT INTO article_reading SELECT one.*; END IF;
  IF two.member_id IS NOT NULL THEN INSERT INTO article_reading SELECT two.*; END IF;
END $$;

-- Each has read and passed on for themselves again. Where the survivor went on reading since, that stays with the survivor, and the
-- separated record gets what it had. What had been counted counts again, and the step that the merge took with it is one again.
-- {from, to, at, mergedAt, pointsEnd, moved} → {}
CREATE OR REPLACE FUNCTION article_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  pair record;
  held article_reading;
BEGIN
  FOR pair IN SELECT (jsonb_populate_record(NULL::article_reading, nullif(value->'theirs', 'null'))) AS theirs,
      (jsonb_populate_record(NULL::article_reading, nullif(value->'own', 'null'))) AS own
      FROM jsonb_array_elements(call->'moved'->'readings') LOOP
    SELECT * INTO held FROM article_reading WHERE member_id = src AND article_id = coalesce((pair.theirs).article_id, (pair.own).article_id)
      FOR UPDATE;
    PERFORM article_part(call, pair.theirs, pair.own, held);
  END LOOP;
  UPDATE article_reading r SET sharer_id = dst FROM jsonb_to_recordset(call->'moved'->'shared')
      AS went ("memberId" uuid, "articleId" text, "openedAt" timestamptz)
    WHERE r.sharer_id = src AND r.member_id = went."memberId" AND r.article_id = went."articleId" AND r.opened_at = went."openedAt"
      AND r.member_id <> dst;
  RETURN '{}';
END $$;

CREATE OR REPLACE FUNCTION article_part(call jsonb, theirs article_reading, own article_reading, held article_reading) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  -- what the survivor opened or did since is in neither of the two
  since boolean := held.member_id IS NOT NULL AND (held.opened_at > greatest(theirs.opened_at, own.opened_at)
    OR (held.action_id IS NOT NULL AND held.action_id IS DISTINCT FROM theirs.action_id AND held.action_id IS DISTINCT FROM own.action_id));
BEGIN
  IF since THEN
    own := held;
  END IF;
  theirs := article_again(theirs, held, src);
  own := article_again(own, held, src);
  PERFORM article_put(own, theirs, src, src, dst);
  PERFORM obligation_count_again(call || jsonb_build_object('memberId', again.sharer_id, 'counts', 'reader_acted',
      'sourceId', again.action_id, 'expiresAt', call->'pointsEnd'))
    FROM unnest(ARRAY[own, theirs]) again WHERE again.state = 'counted';
END $$;

-- A reading as it was before a merge, with what became of the same action since.
CREATE OR REPLACE FUNCTION article_again(was article_reading, held article_reading, held_by uuid) RETURNS article_reading
LANGUAGE plpgsql STABLE AS $$
DECLARE
  went boolean := was.action_id = held.action_id AND coalesce(held.reason, '') <> 'self';
BEGIN
  IF was.member_id IS NULL THEN RETURN was; END IF;
  -- the sharer may be part of somebody else by now, or have left
  SELECT CASE WHEN m.status = 'merged' AND m.merged_into <> held_by THEN m.merged_into ELSE m.member_id END INTO was.sharer_id
    FROM member m WHERE m.member_id = was.sharer_id AND m.status <> 'cancelled';
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF went THEN
    was.state := held.state;
    was.reason := held.reason;
  ELSIF was.state IN ('acted', 'counted') AND NOT article_kept(was) THEN
    was.state := 'void';
    was.reason := 'returned';
  END IF;
  RETURN was;
END $$;
