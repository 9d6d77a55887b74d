-- Rights when two records become one person, and two again. Protects I-R1 and I-ID4: what each had used stays used, in the same period.

-- Uses add up; an excess stays recorded and leaves nothing to use. Rights of gifts and services at the counter go along. The journal
-- also says which holds were live and which purchases had come back, both with rights: of all others the uses are still counted.
-- {from, to, at} → {moved: {uses: [{right_id, period_key, theirs, ours}], grants: [id], services: [id], live: [id], returned: [id]},
-- came, reversed}
CREATE OR REPLACE FUNCTION right_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  uses jsonb;
  brought int;
  excess jsonb;
  grants jsonb;
  services jsonb;
  moved jsonb;
BEGIN
  WITH theirs AS (DELETE FROM right_use WHERE member_id = src RETURNING right_id, period_key, used),
    summed AS (INSERT INTO right_use AS held (member_id, right_id, period_key, used) SELECT dst, right_id, period_key, used FROM theirs
      ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + excluded.used RETURNING right_id, period_key, used)
  SELECT jsonb_agg(jsonb_build_object('right_id', r.right_id, 'period_key', theirs.period_key, 'theirs', theirs.used, 'ours', ours.used)),
      sum(theirs.used), jsonb_agg(jsonb_build_object('kind', 'quota_excess', 'noun', 'right', 'title', r.title, 'has', summed.used,
        'limit', r.quota) ORDER BY r.title, r.right_id) FILTER (WHERE theirs.used > 0 AND summed.used > r.quota
          AND theirs.period_key = right_period_key(r.period, now_at) AND coalesce(r.ends_at > now_at, true))
    INTO uses, brought, excess
    FROM theirs JOIN summed USING (right_id, period_key) JOIN member_right r USING (right_id)
      LEFT JOIN right_use ours ON ours.member_id = dst AND (ours.right_id, ours.period_key) = (theirs.right_id, theirs.period_key);
  WITH went AS (UPDATE right_grant SET member_id = dst WHERE member_id = src RETURNING grant_id)
    SELECT jsonb_agg(grant_id) INTO grants FROM went;
  WITH went AS (UPDATE right_service SET member_id = dst WHERE member_id = src RETURNING service_id)
    SELECT jsonb_agg(service_id) INTO services FROM went;
  moved := jsonb_strip_nulls(jsonb_build_object('uses', uses, 'grants', grants, 'services', services));
  IF uses IS NOT NULL THEN
    moved := moved || jsonb_strip_nulls(jsonb_build_object(
      'live', (SELECT jsonb_agg(hold_id) FROM order_hold WHERE member_id = dst AND state = 'live' AND right_uses IS NOT NULL),
      'returned', (SELECT jsonb_agg(order_id) FROM purchase WHERE member_id = dst AND state = 'returned' AND right_uses IS NOT NULL)));
  END IF;
  IF moved = '{}' THEN RETURN '{}'; END IF;
  RETURN jsonb_build_object('moved', moved, 'reversed', coalesce(excess, '[]'),
    'came', CASE WHEN brought > 0 THEN jsonb_build_object('rights', brought) ELSE '{}' END);
END $$;

-- What was given back since the merge, or stays with the survivor, of what a record had used: of its exchanges those that were
-- cancelled, of its purchases those that came back, of its holds those that ended, whichever way. The mall has been separated by
-- then, orders have not.
CREATE OR REPLACE FUNCTION right_gone_since(call jsonb) RETURNS TABLE (right_id text, period_key text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  moved jsonb := call->'moved';
  mall jsonb;
  trade jsonb;
BEGIN
  SELECT jsonb_object_agg(step, s.moved)->'mall_merge', jsonb_object_agg(step, s.moved)->'order_merge' INTO mall, trade
    FROM merge_step s WHERE s.member_id = src AND s.merge_id = (call->>'mergeId')::uuid AND step IN ('mall_merge', 'order_merge');
  RETURN QUERY SELECT used.id::text, used.key::text
    FROM mall_given_back(dst, mall) r, LATERAL (VALUES (r.right_id, r.right_period), (r.reserve_right_id, r.reserve_period)) used (id, key)
    WHERE used.id IS NOT NULL;
  RETURN QUERY SELECT used.* FROM purchase p, right_held_uses(p.right_uses) used
    WHERE p.member_id = src AND p.state = 'returned' AND p.order_id = ANY (uuid_list(trade->'orders'))
      AND p.order_id <> ALL (uuid_list(moved->'returned'));
  RETURN QUERY SELECT used.* FROM order_hold h, right_held_uses(h.right_uses) used
    -- one that was paid while the survivor was part of another stayed there
    WHERE h.member_id IN (SELECT merge_former(src)) AND h.state <> 'live' AND h.hold_id = ANY (uuid_list(trade->'holds'))
      AND h.hold_id = ANY (uuid_list(moved->'live'));
END $$;

-- A record's uses go back, less those that are gone since; its rights of gifts and its services too. {mergeId, from, to, moved} → {back}
CREATE OR REPLACE FUNCTION right_unmerge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  uses jsonb := call->'moved'->'uses';
  back int;
BEGIN
  UPDATE right_grant SET member_id = dst WHERE member_id = src AND grant_id = ANY (uuid_list(call->'moved'->'grants'));
  UPDATE right_service SET member_id = dst WHERE member_id = src AND service_id = ANY (uuid_list(call->'moved'->'services'));
  IF uses IS NULL THEN RETURN '{}'; END IF;
  WITH gone AS (SELECT g.right_id, g.period_key, count(*) AS n FROM right_gone_since(call) g GROUP BY 1, 2),
    went AS (INSERT INTO right_use (member_id, right_id, period_key, used)
      SELECT dst, own.right_id, own.period_key, greatest(theirs - coalesce(gone.n, 0), 0)
        FROM jsonb_to_recordset(uses) own (right_id text, period_key text, theirs int)
          LEFT JOIN gone ON (gone.right_id, gone.period_key) = (own.right_id, own.period_key) RETURNING used)
  SELECT sum(used) INTO back FROM went;
  UPDATE right_use held SET used = greatest(held.used - own.used, 0)
    FROM right_use own JOIN jsonb_to_recordset(uses) one (right_id text, period_key text) USING (right_id, period_key)
    WHERE held.member_id = src AND own.member_id = dst AND (held.right_id, held.period_key) = (own.right_id, own.period_key);
  DELETE FROM right_use held USING jsonb_to_recordset(uses) one (right_id text, period_key text, ours int)
    WHERE held.member_id = src AND (held.right_id, held.period_key) = (one.right_id, one.period_key) AND held.used = 0 AND one.ours IS NULL;
  RETURN jsonb_build_object('back', CASE WHEN back > 0 THEN jsonb_build_object('rights', back) ELSE '{}' END);
END $$;
