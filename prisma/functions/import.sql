-- Taking in the members of another system. What a file's lines say is judged on the server; here a batch of some hundred lines is
-- looked up in one call and its new people are written set by set, since one call a person would take hours for a million.
-- Protects: I-L1, I-L2 (accounts hold what the lots and transfers say), I-L5 (each line claims its effect: once for ever).

-- The key that names lines, sealed: the one there is, else the given one. {sealed (base64)} → {sealed}
CREATE OR REPLACE FUNCTION import_secret(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO import_key (id, secret_sealed) VALUES (1, decode(call->>'sealed', 'base64')) ON CONFLICT DO NOTHING;
  RETURN jsonb_build_object('sealed', (SELECT encode(secret_sealed, 'base64') FROM import_key));
END $$;

-- What is known of a batch, whose proofs are locked. The plans are kept while the tables grow from nothing to millions of rows, so
-- nothing is left to them: each look-up is one search of an index. {sources: [text], proofs: [{kind, issuer, subject}], numbers: [text]}
-- → {done: {source: figures}, holders: [{memberId, status, joinedAt, lastActiveAt, identities}], apart: [[id, id]], numbers: {no: id}}
CREATE OR REPLACE FUNCTION import_look(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
  ids uuid[] := ARRAY(SELECT DISTINCT hit.member_id FROM jsonb_to_recordset(call->'proofs') AS p(kind text, issuer text, subject text)
    CROSS JOIN LATERAL (SELECT i.member_id FROM identity i
      WHERE i.kind = p.kind AND i.issuer = p.issuer AND i.subject = p.subject OFFSET 0) hit);
BEGIN
  RETURN jsonb_build_object(
    'done', (SELECT coalesce(jsonb_object_agg(hit.source_id, hit.figures), '{}') FROM jsonb_array_elements_text(call->'sources') s
      CROSS JOIN LATERAL (SELECT e.source_id, coalesce((SELECT t.detail->>'figures' FROM transfer t WHERE t.member_id = e.member_id
          AND t.effect_kind = 'import' AND t.effect_source = e.source_id LIMIT 1), '') AS figures
        FROM effect e WHERE e.kind = 'import' AND e.source_id = s.value AND e.part = 'award' OFFSET 0) hit),
    'holders', (SELECT coalesce(jsonb_agg(jsonb_build_object('memberId', m.member_id, 'status', m.status, 'joinedAt', iso_text(m.joined_at),
          'lastActiveAt', iso_text(m.last_active_at), 'identities', (SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'issuer', i.issuer,
            'subject', i.subject, 'provenAt', iso_text(i.proven_at))) FROM identity i WHERE i.member_id = m.member_id))), '[]')
        FROM member m WHERE m.member_id = ANY (ids)),
    'apart', (SELECT coalesce(jsonb_agg(jsonb_build_array(k.member_id, k.other_id)), '[]') FROM kept_apart k
        WHERE k.member_id = ANY (ids) AND k.other_id = ANY (ids)),
    'numbers', (SELECT coalesce(jsonb_object_agg(hit.member_no, hit.member_id), '{}') FROM jsonb_array_elements_text(call->'numbers') s
      CROSS JOIN LATERAL (SELECT n.member_no, n.member_id FROM member_no n WHERE n.member_no = s.value::bpchar OFFSET 0) hit));
END $$;

-- Writes people that nobody knows yet, as the old system knew them: no consent, no WeChat, silent since they were last seen there.
-- {at, validUntil, openSteps (each has a form for many, <noun>_open_many), people: [{memberId, memberNo, nameSealed, joinedAt, activeAt, birthMonth, birthDay, points, growth, tier,
-- reviewAt}], and what import_post wants}
CREATE OR REPLACE FUNCTION import_people(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  valid timestamptz := (call->>'validUntil')::timestamptz;
  step text;
BEGIN
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, birth_month, birth_day)
    SELECT "memberId", "memberNo", decode("nameSealed", 'base64'), "joinedAt", "activeAt", 'import', "birthMonth", "birthDay"
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, "memberNo" text, "nameSealed" text, "joinedAt" timestamptz,
        "activeAt" timestamptz, "birthMonth" int, "birthDay" int);
  INSERT INTO account (member_id, available_points, growth)
    SELECT "memberId", points, growth FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, points int, growth int);
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    SELECT "memberId", tier, now_at, valid, coalesce("reviewAt", tier_never())
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, tier int, "reviewAt" timestamptz);
  INSERT INTO tier_change (member_id, change_id, before, after, reason, growth, at)
    SELECT "memberId", uuid_v7(now_at), 1, tier, 'imported', growth, now_at
      FROM jsonb_to_recordset(call->'people') AS p("memberId" uuid, tier int, growth int) WHERE tier > 1;
  PERFORM import_post(call);
  FOR step IN SELECT value FROM jsonb_array_elements_text(call->'openSteps') LOOP
    EXECUTE format('SELECT %I($1)', step || '_many') USING call;
  END LOOP;
  RETURN '{}';
END $$;

-- What lines bring, new people's and others': what they are known by, their tags, and the ledger's rows with the claim of each line.
-- {at, effects: [{memberId, source}], identities: [{memberId, kind, issuer, subject, sealed, at}], numbers: [{memberId, memberNo}],
-- tags: [{memberId, tag}], lots: [{memberId, lotId, points, expiresAt, source, figures}], growth: [{memberId, amount, earnedAt, source, figures}]}
CREATE OR REPLACE FUNCTION import_post(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    SELECT 'import', source, 'award', "memberId", now_at FROM jsonb_to_recordset(call->'effects') AS e("memberId" uuid, source text);
  INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
    SELECT kind, issuer, subject, "memberId", decode(sealed, 'base64'), at, at
      FROM jsonb_to_recordset(call->'identities') AS i("memberId" uuid, kind text, issuer text, subject text, sealed text, at timestamptz);
  INSERT INTO member_no (member_no, member_id)
    SELECT "memberNo", "memberId" FROM jsonb_to_recordset(call->'numbers') AS n("memberId" uuid, "memberNo" text);
  INSERT INTO member_tag (member_id, tag, at)
    SELECT "memberId", tag, now_at FROM jsonb_to_recordset(call->'tags') AS t("memberId" uuid, tag text) ON CONFLICT DO NOTHING;
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    SELECT "memberId", "lotId", "lotId", 'active', points, points, now_at, "expiresAt", 'import', source
      FROM jsonb_to_recordset(call->'lots') AS l("memberId" uuid, "lotId" uuid, points int, "expiresAt" timestamptz, source text);
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT "memberId", uuid_v7(now_at), 'points', 'programme:issued', 'member:available', points, 'imported',
        jsonb_build_object('expiresAt', "expiresAt", 'figures', figures), "lotId", 'import', source, now_at
      FROM jsonb_to_recordset(call->'lots') AS l("memberId" uuid, "lotId" uuid, points int, "expiresAt" text, source text, figures text)
    UNION ALL
    SELECT "memberId", uuid_v7(now_at), 'growth', 'programme:issued', 'member:growth', amount, 'imported',
        jsonb_strip_nulls(jsonb_build_object('earnedAt', "earnedAt", 'figures', figures)), NULL, 'import', source, now_at
      FROM jsonb_to_recordset(call->'growth') AS g("memberId" uuid, amount int, "earnedAt" text, source text, figures text);
END $$;

-- A line of somebody who is known: brings what it brings, raises a tier, fills in what nobody has said yet. Being on a list is no
-- visit: they stay as silent as they were. {memberId, at, validUntil, ladder, windowMonths, warnDays, points, growing, tier,
-- reviewAt, nameSealed, birthMonth, birthDay, activeAt, and what import_post wants}
CREATE OR REPLACE FUNCTION import_known(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  reached int := (call->>'tier')::int;
  own account;
  held int;
BEGIN
  PERFORM member_hold(who);
  UPDATE account SET available_points = available_points + (call->>'points')::int, growth = account.growth + (call->>'growing')::int
    WHERE member_id = who RETURNING * INTO own;
  PERFORM import_post(call);
  IF own.debt_points > 0 THEN
    PERFORM ledger_pay_debt(who, lot_id, now_at) FROM (SELECT lot_id FROM lot JOIN jsonb_to_recordset(call->'lots') AS l("lotId" uuid)
      ON lot_id = "lotId" WHERE member_id = who ORDER BY expires_at, lot_id) brought;
  END IF;
  PERFORM tier_raise(call || jsonb_build_object('growth', own.growth));
  SELECT tier INTO held FROM standing WHERE member_id = who;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = now_at, valid_until = (call->>'validUntil')::timestamptz, warned_of = NULL WHERE member_id = who;
    PERFORM tier_note(who, held, reached, 'imported', own.growth, now_at);
  END IF;
  UPDATE standing SET review_at = least(review_at, (call->>'reviewAt')::timestamptz) WHERE member_id = who;
  UPDATE member SET name_sealed = coalesce(name_sealed, decode(call->>'nameSealed', 'base64')),
      birth_month = coalesce(birth_month, (call->>'birthMonth')::int),
      birth_day = CASE WHEN birth_month IS NULL THEN (call->>'birthDay')::int ELSE birth_day END,
      last_active_at = greatest(last_active_at, (call->>'activeAt')::timestamptz) WHERE member_id = who;
  RETURN '{}';
END $$;
