-- What there is in the points mall, for the page, the search and the home screen; nothing is decided here. Lists are bounded.

-- A text as a search compares it, the same as foldText of the rules: full-width forms plain, no spaces, A–Z small.
CREATE OR REPLACE FUNCTION mall_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT lower(replace(normalize(words, NFKC), ' ', '') COLLATE "C") $$;

-- Whether each of the words is in one of the texts.
CREATE OR REPLACE FUNCTION mall_found(words jsonb, texts text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(words) word
    WHERE NOT EXISTS (SELECT 1 FROM unnest(texts) held WHERE strpos(held, word) > 0))
$$;

-- How many are left; NULL without limit. The codes of a partner are their own stock.
CREATE OR REPLACE FUNCTION mall_left(item reward) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.kind = 'partner_code' THEN
    RETURN (SELECT count(*) FROM reward_code WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  IF item.stock_total IS NULL THEN RETURN NULL; END IF;
  IF item.numbered THEN
    RETURN (SELECT count(*) FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN (SELECT coalesce(sum(remaining), 0) FROM reward_stock WHERE reward_id = item.reward_id);
END $$;

-- What is kept of a reward for holders of a right, whether or not that is over; NULL where nothing ever was.
CREATE OR REPLACE FUNCTION mall_reserve(which text) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object('rightId', right_id, 'pieces', pieces_left, 'until', iso_text(until)) FROM right_reserve WHERE reward_id = which
$$;

-- The wanted rewards in the order given, with what one reader has to do with them.
CREATE OR REPLACE FUNCTION mall_shelf(me uuid, wanted text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(json_build_object('rewardId', r.reward_id, 'title', r.title, 'subtitle', r.subtitle,
      'art', r.art, 'keywords', r.keywords, 'kind', r.kind, 'points', r.points, 'marketFen', r.market_fen, 'tierGate', r.tier_gate,
      'perPersonLimit', r.per_person_limit, 'stockTotal', r.stock_total, 'left', mall_left(r), 'reserve', mall_reserve(r.reward_id), 'numbered', r.numbered,
      'publicAt', iso_text(r.public_at), 'earlyHours', r.early_hours, 'endsAt', iso_text(r.ends_at),
      'prepareHours', r.prepare_hours, 'pickupDays', r.pickup_days, 'rules', r.rules, 'takenByMe', coalesce(q.taken, 0),
      'favourite', f.reward_id IS NOT NULL) ORDER BY w.place), '[]')
    FROM unnest(wanted) WITH ORDINALITY w (id, place) JOIN reward r ON r.reward_id = w.id
      LEFT JOIN reward_quota q ON q.member_id = me AND q.reward_id = r.reward_id
      LEFT JOIN reward_favourite f ON f.member_id = me AND f.reward_id = r.reward_id);
END $$;

-- All that the mall's page reads, in one round trip; without a member for guests. With words: what they find, titles first;
-- with a reward: that one while it is listed, however long it has been over.
-- {memberId, at, limit, words?, rewardId?} → {account, tier, rights, own, rewards}
CREATE OR REPLACE FUNCTION mall_list(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  words jsonb := call->'words';
  which text := call->>'rewardId';
  wanted text[];
BEGIN
  IF which IS NOT NULL THEN
    wanted := ARRAY(SELECT r.reward_id FROM reward r WHERE r.reward_id = which AND r.listed);
  ELSE
    wanted := ARRAY(SELECT r.reward_id FROM reward r
      WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > now_at - interval '7 days')
        AND (words IS NULL OR mall_found(words, ARRAY[mall_fold(r.title), mall_fold(r.subtitle), mall_fold(r.keywords)]))
      ORDER BY coalesce(r.ends_at <= now_at, false), words IS NOT NULL AND NOT mall_found(words, ARRAY[mall_fold(r.title)]),
        r.position, r.reward_id LIMIT (call->>'limit')::int);
  END IF;
  RETURN json_build_object(
    'account', (SELECT json_build_object('points', available_points, 'debtPoints', debt_points) FROM account WHERE member_id = me),
    'tier', (SELECT tier FROM standing WHERE member_id = me),
    'rights', right_rows(now_at),
    'own', right_own(me, now_at),
    'rewards', mall_shelf(me, wanted));
END $$;

-- Keeps an eye on a reward, or no longer. {request, memberId, rewardId, on, at} → {rewardId, favourite}; refuses NOT_FOUND, BUSY.
CREATE OR REPLACE FUNCTION mall_favour(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  which text := call->>'rewardId';
  known jsonb := request_begin(call->'request');
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  IF (call->>'on')::boolean THEN
    IF NOT EXISTS (SELECT 1 FROM reward WHERE reward_id = which AND listed) THEN
      PERFORM refuse('NOT_FOUND', '{"noun": "reward"}');
    END IF;
    INSERT INTO reward_favourite (member_id, reward_id, at) VALUES (member, which, (call->>'at')::timestamptz) ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM reward_favourite WHERE member_id = member AND reward_id = which;
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('rewardId', which, 'favourite', call->'on'));
END $$;
