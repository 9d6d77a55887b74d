-- All that the home screen reads, in one round trip; nothing is decided here but what is still to be had.
-- {memberId, at, newAfterDays, windowMonths, tierWarnDays} → {member, account, standing, lots, claim, phones, devices, gift, birthday, coupons, pickups,
-- undertaken, released, taken, personal, rightsOwn, shareCode, news}; no member for one that was merged away.
CREATE OR REPLACE FUNCTION home_show(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object(
    'member', (SELECT json_build_object('memberNo', m.member_no, 'nameSealed', encode(m.name_sealed, 'base64'))
      FROM member m WHERE m.member_id = me AND m.status = 'active'),
    'account', (SELECT json_build_object('availablePoints', a.available_points, 'pendingPoints', a.pending_points,
        'debtPoints', a.debt_points, 'growth', a.growth) FROM account a WHERE a.member_id = me),
    -- what counts on a tier's last day is looked up only when that is near
    'standing', (SELECT json_build_object('tier', s.tier, 'since', s.since, 'validUntil', s.valid_until, 'countsAtEnd', CASE
        WHEN s.tier > 1 AND s.valid_until < now_at + make_interval(days => (call->>'tierWarnDays')::int + 1)
        THEN tier_counts_at(me, s.valid_until, (call->>'windowMonths')::int) END) FROM standing s WHERE s.member_id = me),
    'lots', (SELECT coalesce(json_agg(live), '[]') FROM (
      SELECT l.state, l.remaining, l.active_at AS "activeAt", l.expires_at AS "expiresAt" FROM lot l
        WHERE l.member_id = me AND l.remaining > 0 ORDER BY l.expires_at, l.lot_id LIMIT 100) live),
    'claim', (SELECT json_build_object('claimId', c.claim_id, 'points', h.available_points + h.pending_points)
      FROM claim c JOIN account h ON h.member_id = c.holder_id
      WHERE c.member_id = me AND c.settled_at IS NULL AND c.tries_left > 0 AND c.expires_at > now_at
      ORDER BY c.claim_id DESC LIMIT 1),
    'phones', (SELECT count(*) FROM identity i WHERE i.member_id = me AND i.kind = 'phone'),
    'devices', (SELECT count(*) FROM device d WHERE d.member_id = me),
    'gift', home_gift(me, now_at, (call->>'newAfterDays')::int),
    'birthday', home_birthday(me, now_at),
    'coupons', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT t.title, c.expires_at AS "expiresAt", c.valid_from AS "validFrom" FROM coupon c JOIN coupon_template t USING (template_id)
        WHERE c.member_id = me AND c.state IN ('granted', 'held') AND c.expires_at > now_at
        ORDER BY c.expires_at, c.coupon_id LIMIT 100) own),
    'pickups', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT r.redemption_id AS "redemptionId", r.title, r.state, r.pickup_by AS "pickupBy" FROM redemption r
        WHERE r.member_id = me AND r.state IN ('placed', 'ready') ORDER BY r.pickup_by, r.redemption_id LIMIT 50) own),
    'undertaken', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT o.obligation_id AS "obligationId", o.title, o.target, i.progress, least(o.ends_at, i.due_at) AS "endsAt",
          o.reward_points AS "rewardPoints", h.name AS "honourName"
        FROM obligation_instance i JOIN obligation o USING (obligation_id) LEFT JOIN honour h USING (honour_id)
        WHERE i.member_id = me AND i.state IN ('accepted', 'in_progress') AND least(o.ends_at, i.due_at) > now_at
          AND o.stopped_at IS NULL LIMIT 50) own),
    'released', (SELECT coalesce(json_agg(paid), '[]') FROM (
      SELECT r.points, r.settled_at AS at, encode(f.name_sealed, 'base64') AS "nameSealed"
        FROM referral r JOIN member f ON f.member_id = r.member_id
        WHERE r.inviter_id = me AND r.state = 'released' AND r.settled_at > now_at - interval '3 days'
        ORDER BY r.settled_at DESC LIMIT 1) paid),
    'taken', (SELECT coalesce(json_object_agg(q.reward_id, q.taken), '{}') FROM (
      SELECT reward_id, taken FROM reward_quota WHERE member_id = me LIMIT 200) q),
    'personal', consent_personal(me),
    'rightsOwn', right_own(me, now_at),
    'shareCode', (SELECT l.code FROM referral_link l WHERE l.member_id = me ORDER BY l.created_at, l.code LIMIT 1),
    'news', article_newest(now_at));
END $$;

-- What decides whether the running gift is open for somebody; NULL when they have had it or joined too long ago to ask.
CREATE OR REPLACE FUNCTION home_gift(me uuid, now_at timestamptz, new_after_days int) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  own gift;
  since timestamptz;
BEGIN
  SELECT * INTO own FROM gift_running(now_at);
  IF NOT FOUND OR EXISTS (SELECT 1 FROM gift_given g WHERE g.member_id = me AND g.kind = own.kind AND g.state = 'given') THEN
    RETURN NULL;
  END IF;
  since := member_new_since(me);
  IF since IS NULL OR since + make_interval(days => own.join_within_days + 1) < now_at THEN RETURN NULL; END IF;
  RETURN json_build_object('giftId', own.gift_id, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'startsAt', own.starts_at, 'endsAt', own.ends_at, 'newSince', since,
    'boughtBefore', order_bought_before(me, since, new_after_days),
    'gone', gift_gone(own));
END $$;

-- What decides whether a birthday gift is open for somebody, the best one first; NULL for who has not said when that is.
CREATE OR REPLACE FUNCTION home_birthday(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object('month', m.birth_month, 'day', m.birth_day, 'years', gift_years(me), 'gifts',
      (SELECT coalesce(json_agg(json_build_object('giftId', g.gift_id, 'title', g.title, 'rightId', g.right_id, 'daysBefore', g.days_before,
          'daysAfter', g.days_after, 'endsAt', iso_text(g.ends_at), 'gone', gift_gone(g)) ORDER BY r.position DESC, g.gift_id), '[]')
        FROM gift g JOIN member_right r USING (right_id) WHERE g.kind = 'birthday' AND g.starts_at <= now_at
          AND (g.ends_at IS NULL OR g.ends_at >= now_at)))
    FROM member m WHERE m.member_id = me AND m.birth_month IS NOT NULL
$$;

-- The rewards on the shelf with what is left of each; the same for everybody. {at}
CREATE OR REPLACE FUNCTION home_shelf(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(shelf), '[]') FROM (
    SELECT r.reward_id AS "rewardId", r.title, r.art, r.points, r.tier_gate AS "tierGate", r.per_person_limit AS "perPersonLimit",
        r.public_at AS "publicAt", r.early_hours AS "earlyHours", r.ends_at AS "endsAt", mall_left(r) AS left, mall_reserve(r.reward_id) AS reserve
      FROM reward r WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > (call->>'at')::timestamptz)
      ORDER BY r.position, r.reward_id LIMIT 200) shelf);
END $$;
