-- What members were seen with, as keyed hashes, and what that tells about two of them. A print stays with the record that
-- was seen: whoever asks looks at all records of a person. Nothing here changes points, so nothing here takes a member's lock.

-- All records that are this person by now.
CREATE OR REPLACE FUNCTION risk_records(who uuid) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
  SELECT array_agg(r.member_id) FROM member m JOIN member r
    ON r.member_id = coalesce(m.merged_into, m.member_id) OR r.merged_into = coalesce(m.merged_into, m.member_id)
    WHERE m.member_id = who
$$;

-- Writes down what a member was seen with; the same within an hour is not written again, and of each kind the latest 40 are
-- kept. `former` is the same print under keys that are being replaced: whoever has it gets the new one, so that a
-- rotation separates nobody. {memberId, prints: [{kind, print, former?: [print]}], at}
CREATE OR REPLACE FUNCTION risk_seen(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  seen jsonb;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM member WHERE member_id = who AND status <> 'cancelled') THEN RETURN '{}'; END IF;
  FOR seen IN SELECT value FROM jsonb_array_elements(call->'prints') ORDER BY value->>'kind', value->>'print' LOOP
    IF seen ? 'former' THEN
      WITH former AS (DELETE FROM risk_print WHERE kind = seen->>'kind'
          AND print IN (SELECT value FROM jsonb_array_elements_text(seen->'former')) RETURNING *)
      INSERT INTO risk_print AS own (member_id, kind, print, first_at, last_at)
        SELECT member_id, kind, seen->>'print', min(first_at), max(last_at) FROM former GROUP BY member_id, kind ORDER BY member_id
        ON CONFLICT (member_id, kind, print) DO UPDATE SET first_at = least(own.first_at, excluded.first_at),
          last_at = greatest(own.last_at, excluded.last_at);
    END IF;
    UPDATE risk_print SET last_at = now_at WHERE member_id = who AND kind = seen->>'kind' AND print = seen->>'print'
      AND last_at < now_at - interval '1 hour';
    CONTINUE WHEN FOUND;
    INSERT INTO risk_print (member_id, kind, print, first_at, last_at) VALUES (who, seen->>'kind', seen->>'print', now_at, now_at)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      DELETE FROM risk_print WHERE member_id = who AND kind = seen->>'kind' AND print IN (SELECT print FROM risk_print
        WHERE member_id = who AND kind = seen->>'kind' ORDER BY last_at DESC, print OFFSET 40);
    END IF;
  END LOOP;
  RETURN '{}';
END $$;

-- Whether somebody brought this member; one who was not new, or came too late, was brought by nobody.
CREATE OR REPLACE FUNCTION risk_brought(edge referral) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT edge.state <> 'void' AND coalesce(edge.reason, '') NOT IN ('not_new', 'window_over') $$;

-- Devices or payers of two people: how many both have, and the most others on one of the friend's who were brought as well.
CREATE OR REPLACE FUNCTION risk_shared(what text, inviters uuid[], friends uuid[], since timestamptz, OUT shared int, OUT people int)
LANGUAGE sql STABLE AS $$
  SELECT count(*) FILTER (WHERE here.inviter), coalesce(max(here.others), 0)
    FROM (SELECT DISTINCT print FROM risk_print WHERE member_id = ANY (friends) AND kind = what AND last_at > since) own
    CROSS JOIN LATERAL (
      SELECT coalesce(bool_or(p.member_id = ANY (inviters)), false) AS inviter,
          count(DISTINCT coalesce(m.merged_into, m.member_id)) FILTER (WHERE p.member_id <> ALL (inviters || friends)
            AND EXISTS (SELECT 1 FROM referral r WHERE r.member_id IN (p.member_id, m.merged_into) AND risk_brought(r))) AS others
        FROM risk_print p JOIN member m USING (member_id) WHERE p.kind = what AND p.print = own.print AND p.last_at > since) here
$$;

-- People on the emptiest network that both were on, the two included; of the others not those who were brought by somebody
-- on it, or a farm would look like a public place by its own size. Counted up to 100. NULL: no such network.
CREATE OR REPLACE FUNCTION risk_network(inviters uuid[], friends uuid[], since timestamptz) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT 2 + min(here.others) FROM (
      SELECT print FROM risk_print WHERE member_id = ANY (friends) AND kind = 'network' AND last_at > since
      INTERSECT SELECT print FROM risk_print WHERE member_id = ANY (inviters) AND kind = 'network' AND last_at > since) both_on
    CROSS JOIN LATERAL (SELECT count(DISTINCT person)::int AS others FROM (
      SELECT coalesce(m.merged_into, m.member_id) AS person FROM risk_print p JOIN member m USING (member_id)
        WHERE p.kind = 'network' AND p.print = both_on.print AND p.last_at > since AND p.member_id <> ALL (inviters || friends)
          AND NOT EXISTS (SELECT 1 FROM referral r JOIN risk_print up ON up.member_id = r.inviter_id AND up.kind = p.kind
            AND up.print = p.print AND up.last_at > since WHERE r.member_id IN (p.member_id, m.merged_into) AND risk_brought(r))
        LIMIT 100) on_it) here
$$;

-- Everything that is known of two people, collected at once; prints older than printDays do not count.
-- {inviterId, friendId, at, printDays} → PairFacts of shared/src/risk.ts without riskNow
CREATE OR REPLACE FUNCTION risk_pair(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  inviters uuid[] := risk_records((call->>'inviterId')::uuid);
  friends uuid[] := risk_records((call->>'friendId')::uuid);
  since timestamptz := (call->>'at')::timestamptz - make_interval(days => (call->>'printDays')::int);
  devices record;
  payers record;
  came timestamptz;
  works boolean[];
BEGIN
  SELECT * INTO devices FROM risk_shared('device', inviters, friends, since);
  SELECT * INTO payers FROM risk_shared('payer', inviters, friends, since);
  SELECT joined_at INTO came FROM referral r WHERE member_id = ANY (friends) AND inviter_id = ANY (inviters) AND risk_brought(r)
    ORDER BY joined_at DESC LIMIT 1;
  SELECT ARRAY[coalesce(bool_or(member_id = ANY (inviters)), false), coalesce(bool_or(member_id = ANY (friends)), false)] INTO works
    FROM staff WHERE member_id = ANY (inviters || friends) AND ended_at IS NULL;
  RETURN jsonb_build_object(
    'sharedDevices', devices.shared, 'devicePeople', devices.people,
    'sharedPayers', payers.shared, 'payerPeople', payers.people,
    'networkPeople', risk_network(inviters, friends, since),
    'staff', CASE WHEN works[1] AND works[2] THEN 'both' WHEN works[1] THEN 'inviter' WHEN works[2] THEN 'friend' END,
    'riskAtJoin', (SELECT join_risk FROM member WHERE member_id = ANY (friends) AND join_risk IS NOT NULL
      ORDER BY CASE join_risk WHEN -1 THEN 2.5 ELSE join_risk END DESC LIMIT 1),
    'mergedBefore', EXISTS (SELECT 1 FROM kept_apart WHERE member_id = ANY (inviters) AND other_id = ANY (friends)),
    'phoneMoved', EXISTS (SELECT 1 FROM former_identity f JOIN identity i USING (kind, issuer, subject) WHERE f.kind = 'phone'
      AND (f.member_id = ANY (inviters) AND i.member_id = ANY (friends) OR f.member_id = ANY (friends) AND i.member_id = ANY (inviters))))
    || (SELECT jsonb_build_object('joinedWithinHour', count(*) FILTER (WHERE abs(extract(epoch FROM r.joined_at - came)) <= 3600),
        'joinedWithinDay', count(*) FILTER (WHERE abs(extract(epoch FROM r.joined_at - came)) <= 86400))
      FROM referral r WHERE r.inviter_id = ANY (inviters) AND r.joined_at BETWEEN came - interval '1 day' AND came + interval '1 day'
        AND risk_brought(r));
END $$;

-- Who leaves takes along what they were seen with. {records}
CREATE OR REPLACE FUNCTION risk_erase(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  DELETE FROM risk_print WHERE member_id = ANY (erase_records(call));
  SELECT '{}'::jsonb
$$;
