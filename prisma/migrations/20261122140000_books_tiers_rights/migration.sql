-- Adjustments by hand, the review of tiers, rights (early access first), favourites, partner codes.
ALTER TABLE "redemption" ADD COLUMN "right_id" VARCHAR(32), ADD COLUMN "right_period" VARCHAR(10),
ADD COLUMN "back" JSONB;

CREATE TABLE "member_right" (
    "right_id" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(20) NOT NULL,
    "title" VARCHAR(20) NOT NULL,
    "words" VARCHAR(80) NOT NULL,
    "tier_from" SMALLINT,
    "honour_id" VARCHAR(32),
    "quota" SMALLINT,
    "period" VARCHAR(8),
    "payload" JSONB NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "member_right_pkey" PRIMARY KEY ("right_id")
);

CREATE TABLE "right_use" (
    "member_id" UUID NOT NULL,
    "right_id" VARCHAR(32) NOT NULL,
    "period_key" VARCHAR(10) NOT NULL,
    "used" INTEGER NOT NULL,

    CONSTRAINT "right_use_pkey" PRIMARY KEY ("member_id","right_id","period_key")
);

-- who came early by their tier goes on doing so, by a right of that tier and as many hours
INSERT INTO member_right (right_id, kind, title, words, tier_from, payload, starts_at)
  SELECT 'early_' || early_tier || '_' || early_hours, 'early_access', '早享', '新品提前 ' || early_hours || ' 小时兑换', early_tier,
         jsonb_build_object('hours', early_hours), min(public_at) - interval '1 year'
    FROM reward WHERE early_tier IS NOT NULL AND early_hours > 0 GROUP BY early_tier, early_hours;

ALTER TABLE "reward" DROP CONSTRAINT reward_early;
UPDATE reward SET early_hours = NULL WHERE early_hours <= 0;
ALTER TABLE "reward" DROP CONSTRAINT reward_kind;
ALTER TABLE "reward" DROP CONSTRAINT reward_numbered;
ALTER TABLE "reward" DROP COLUMN "early_tier";
ALTER TABLE "reward" ADD COLUMN "keywords" VARCHAR(120) NOT NULL DEFAULT '',
ALTER COLUMN "kind" SET DATA TYPE VARCHAR(12);

CREATE TABLE "reward_code" (
    "reward_id" VARCHAR(32) NOT NULL,
    "code_no" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,
    "code_hash" CHAR(64) NOT NULL,
    "member_id" UUID,
    "redemption_id" UUID,

    CONSTRAINT "reward_code_pkey" PRIMARY KEY ("reward_id","code_no")
);

CREATE UNIQUE INDEX "reward_code_once" ON "reward_code"("reward_id", "code_hash");

CREATE TABLE "reward_favourite" (
    "member_id" UUID NOT NULL,
    "reward_id" VARCHAR(32) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reward_favourite_pkey" PRIMARY KEY ("member_id","reward_id")
);

CREATE TABLE "adjustment" (
    "member_id" UUID NOT NULL,
    "adjustment_id" UUID NOT NULL,
    "points" INTEGER NOT NULL,
    "reason" VARCHAR(16) NOT NULL,
    "note" VARCHAR(200) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "proposed_by" UUID NOT NULL,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "decision_note" VARCHAR(200),
    "debt_points" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "adjustment_pkey" PRIMARY KEY ("member_id","adjustment_id")
);

CREATE TABLE "adjustment_day" (
    "staff_id" UUID NOT NULL,
    "day" CHAR(10) NOT NULL,
    "points" INTEGER NOT NULL,

    CONSTRAINT "adjustment_day_pkey" PRIMARY KEY ("staff_id","day")
);

CREATE TABLE "tier_change" (
    "member_id" UUID NOT NULL,
    "change_id" UUID NOT NULL,
    "before" SMALLINT NOT NULL,
    "after" SMALLINT NOT NULL,
    "reason" VARCHAR(10) NOT NULL,
    "growth" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tier_change_pkey" PRIMARY KEY ("member_id","change_id")
);

CREATE TABLE "purchase_return" (
    "member_id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "nth" INTEGER NOT NULL,
    "amount_fen" INTEGER NOT NULL,
    "points" INTEGER NOT NULL,
    "growth" INTEGER NOT NULL,
    "staff_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "purchase_return_pkey" PRIMARY KEY ("member_id","order_id","nth")
);

-- until now an order came back whole
ALTER TABLE "purchase" ADD COLUMN "refunded_fen" INTEGER NOT NULL DEFAULT 0;
UPDATE purchase SET refunded_fen = amount_fen WHERE state = 'returned';
INSERT INTO purchase_return (member_id, order_id, nth, amount_fen, points, growth, staff_id, at)
  SELECT p.member_id, p.order_id, 1, p.amount_fen, coalesce(sum(t.amount) FILTER (WHERE t.unit = 'points'), 0),
         coalesce(sum(t.amount) FILTER (WHERE t.unit = 'growth'), 0), coalesce(p.returned_by, p.staff_id), coalesce(p.returned_at, p.settled_at)
    FROM purchase p LEFT JOIN effect e ON e.kind = 'order' AND e.source_id = p.order_id::text AND e.part = 'take_back'
    LEFT JOIN transfer t ON t.member_id = e.member_id AND t.effect_kind = 'order' AND t.effect_source = e.source_id AND t.reason = 'purchase_returned'
    WHERE p.state = 'returned' GROUP BY p.member_id, p.order_id;

CREATE INDEX "adjustment_adjustment_id_idx" ON "adjustment"("adjustment_id");
CREATE INDEX "adjustment_proposed_at_idx" ON "adjustment"("proposed_at");

-- nobody has been reviewed yet: all who hold growth or more than the first tier are due at once
ALTER TABLE "standing" ADD COLUMN "review_at" TIMESTAMPTZ(3), ADD COLUMN "warned_of" TIMESTAMPTZ(3);
UPDATE standing SET review_at = CASE WHEN tier > 1 OR EXISTS (SELECT 1 FROM account a WHERE a.member_id = standing.member_id AND a.growth > 0)
  THEN now() ELSE valid_until END;
ALTER TABLE "standing" ALTER COLUMN "review_at" SET NOT NULL;

-- What Prisma's schema language cannot say: the last line of defence.
ALTER TABLE "reward" ADD CONSTRAINT reward_kind
  CHECK (kind IN ('pickup', 'service', 'coupon', 'partner_code') AND (kind = 'coupon') = (coupon_template_id IS NOT NULL)
    AND NOT (kind = 'partner_code' AND stock_total IS NOT NULL));
ALTER TABLE "reward" ADD CONSTRAINT reward_numbered CHECK (NOT numbered OR (stock_total IS NOT NULL AND kind = 'pickup'));
ALTER TABLE "reward" ADD CONSTRAINT reward_early CHECK (early_hours > 0);
-- I-M1 for codes of partners: one redemption each
ALTER TABLE "reward_code" ADD CONSTRAINT reward_code_owner CHECK (code_no > 0 AND (member_id IS NULL) = (redemption_id IS NULL));
ALTER TABLE "redemption" ADD CONSTRAINT redemption_right CHECK ((right_id IS NULL) = (right_period IS NULL));
ALTER TABLE "member_right" ADD CONSTRAINT member_right_form CHECK (kind IN ('early_access')
  AND (tier_from IS NOT NULL OR honour_id IS NOT NULL) AND (quota IS NULL) = (period IS NULL) AND quota > 0
  AND period IN ('day', 'month', 'year', 'once') AND coalesce((payload->>'hours')::int > 0, false));
ALTER TABLE "right_use" ADD CONSTRAINT right_use_used CHECK (used >= 0);
ALTER TABLE "adjustment" ADD CONSTRAINT adjustment_form CHECK (points <> 0 AND abs(points) <= 1000000 AND debt_points >= 0
  AND reason IN ('goodwill', 'correction', 'outage', 'abuse', 'other') AND length(note) > 0);
ALTER TABLE "adjustment" ADD CONSTRAINT adjustment_state CHECK (state IN ('waiting', 'done', 'refused')
  AND (state = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL));
ALTER TABLE "adjustment_day" ADD CONSTRAINT adjustment_day_points CHECK (points >= 0);
ALTER TABLE "tier_change" ADD CONSTRAINT tier_change_form
  CHECK (before BETWEEN 1 AND 6 AND after BETWEEN 1 AND 6 AND reason IN ('raised', 'kept', 'landed', 'returned', 'merged'));
-- I-P4: never more than was paid, and returned is what came back whole
ALTER TABLE "purchase" ADD CONSTRAINT purchase_refunded CHECK (refunded_fen BETWEEN 0 AND amount_fen
  AND CASE state WHEN 'returned' THEN refunded_fen = amount_fen ELSE refunded_fen < amount_fen OR amount_fen = 0 END);
ALTER TABLE "purchase_return" ADD CONSTRAINT purchase_return_form
  CHECK (nth > 0 AND amount_fen >= 0 AND points >= 0 AND growth >= 0);
CREATE INDEX reward_code_free ON "reward_code" (reward_id, code_no) WHERE member_id IS NULL;
CREATE UNIQUE INDEX reward_code_taken ON "reward_code" (reward_id, redemption_id) WHERE redemption_id IS NOT NULL;
CREATE INDEX adjustment_waiting ON "adjustment" (proposed_at) WHERE state = 'waiting';
CREATE INDEX standing_due ON "standing" (review_at);


-- Functions, word for word as in prisma/functions.

DROP FUNCTION mall_admit;

-- Coupons: granted, held, used, given back, voided. Protects I-C1 (limits are conditional writes, CHECKs behind them) and
-- I-L5 (a grant claims its effect). Every function is called with the member's row or account held by its caller.

-- The last instant in which a coupon granted at `at` is valid; the same as couponEnd of the rules.
CREATE OR REPLACE FUNCTION coupon_end(days int, fixed timestamptz, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT coalesce(fixed, (date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond')
$$;

-- Grants one coupon of a template for one source, once; asked again it answers the same coupon. Never raises for a limit,
-- so that a paid order settles. A template without a limit is only read; the shared row comes last.
-- {memberId, templateId, at, kind, sourceId, part?} → {couponId, title, expiresAt} | {refused, detail}
CREATE OR REPLACE FUNCTION coupon_grant(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  which text := 'coupon:' || (call->>'templateId') || coalesce(':' || (call->>'part'), '');
  own coupon_template;
  made coupon;
  ends timestamptz;
BEGIN
  SELECT * INTO own FROM coupon_template WHERE template_id = call->>'templateId';
  IF NOT FOUND THEN RETURN '{"refused": "NOT_FOUND", "detail": {"noun": "coupon"}}'; END IF;
  IF EXISTS (SELECT 1 FROM effect WHERE kind = call->>'kind' AND source_id = call->>'sourceId' AND part = which) THEN
    SELECT * INTO made FROM coupon WHERE member_id = member AND effect_kind = call->>'kind'
      AND effect_source = call->>'sourceId' AND effect_part = which;
    RETURN jsonb_build_object('couponId', made.coupon_id, 'title', own.title, 'expiresAt', iso_text(made.expires_at));
  END IF;
  ends := coupon_end(own.valid_days, own.valid_until, now_at);
  IF own.starts_at > now_at THEN
    RETURN jsonb_build_object('refused', 'COUPON_NOT_OPEN', 'detail', jsonb_build_object('opensAt', iso_text(own.starts_at)));
  END IF;
  IF own.ends_at < now_at OR ends <= now_at THEN RETURN '{"refused": "COUPON_OVER", "detail": {}}'; END IF;

  IF own.per_person_limit IS NOT NULL THEN
    INSERT INTO coupon_quota AS held (member_id, template_id, granted) SELECT member, own.template_id, 1 WHERE own.per_person_limit > 0
      ON CONFLICT (member_id, template_id) DO UPDATE SET granted = held.granted + 1 WHERE held.granted < own.per_person_limit;
    IF NOT FOUND THEN
      RETURN jsonb_build_object('refused', 'COUPON_LIMIT', 'detail', jsonb_build_object('limit', own.per_person_limit));
    END IF;
  END IF;
  IF own.total_limit IS NOT NULL THEN
    -- a look first, so that a crowd before an empty shelf does not queue for its row
    IF own.granted < own.total_limit THEN
      UPDATE coupon_template SET granted = granted + 1 WHERE template_id = own.template_id AND granted < total_limit;
    END IF;
    IF own.granted >= own.total_limit OR NOT FOUND THEN
      IF own.per_person_limit IS NOT NULL THEN
        UPDATE coupon_quota SET granted = granted - 1 WHERE member_id = member AND template_id = own.template_id;
      END IF;
      RETURN '{"refused": "COUPON_GONE", "detail": {}}';
    END IF;
  END IF;
  INSERT INTO effect (kind, source_id, part, member_id, at) VALUES (call->>'kind', call->>'sourceId', which, member, now_at);
  INSERT INTO coupon (member_id, coupon_id, template_id, state, granted_at, valid_from, expires_at, effect_kind, effect_source, effect_part)
    VALUES (member, uuid_v7(now_at), own.template_id, 'granted', now_at, now_at, ends, call->>'kind', call->>'sourceId', which)
    RETURNING * INTO made;
  RETURN jsonb_build_object('couponId', made.coupon_id, 'title', own.title, 'expiresAt', iso_text(made.expires_at));
END $$;

-- A member takes one of the coupons that lie open. {request, memberId, templateId, claimId, at} → the coupon's row
CREATE OR REPLACE FUNCTION coupon_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  given jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  IF NOT EXISTS (SELECT 1 FROM coupon_template WHERE template_id = call->>'templateId' AND claimable) THEN
    PERFORM refuse('NOT_FOUND', '{"noun": "coupon"}');
  END IF;
  given := coupon_grant(call || jsonb_build_object('kind', 'claim', 'sourceId', call->>'claimId'));
  IF given ? 'refused' THEN PERFORM refuse(given->>'refused', given->'detail'); END IF;
  RETURN request_end(call->'request', (SELECT coupon_row(c, t) FROM coupon c JOIN coupon_template t USING (template_id)
    WHERE c.member_id = member AND c.coupon_id = (given->>'couponId')::uuid));
END $$;

-- Keeps a coupon aside for a priced purchase. {memberId, couponId, holdId, at, heldUntil} → {couponId, title}
-- Refuses NOT_FOUND, COUPON_TAKEN, COUPON_OVER, COUPON_NOT_OPEN. A hold whose time is over holds nothing.
CREATE OR REPLACE FUNCTION coupon_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
BEGIN
  UPDATE coupon SET state = 'held', hold_id = (call->>'holdId')::uuid, held_until = (call->>'heldUntil')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND coupon_id = (call->>'couponId')::uuid
      AND (state = 'granted' OR (state = 'held' AND held_until <= now_at)) AND valid_from <= now_at AND expires_at >= now_at
      AND NOT coupon_recalled(coupon)
    RETURNING * INTO own;
  IF NOT FOUND THEN
    SELECT * INTO own FROM coupon WHERE member_id = (call->>'memberId')::uuid AND coupon_id = (call->>'couponId')::uuid;
    IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "coupon"}'); END IF;
    IF own.state = 'used' OR (own.state = 'held' AND own.held_until > now_at) THEN PERFORM refuse('COUPON_TAKEN'); END IF;
    IF own.state = 'granted' AND own.valid_from > now_at THEN
      PERFORM refuse('COUPON_NOT_OPEN', jsonb_build_object('opensAt', iso_text(own.valid_from)));
    END IF;
    PERFORM refuse('COUPON_OVER');
  END IF;
  RETURN jsonb_build_object('couponId', own.coupon_id, 'title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id));
END $$;

-- The order of a hold is paid; whether the hold still lives is the order's to know. A coupon that ended while it was held
-- is used all the same: the customer has paid. {memberId, holdId, orderId, at} → {couponId, title}, or NULL for a hold without one
CREATE OR REPLACE FUNCTION coupon_use(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own coupon;
BEGIN
  UPDATE coupon SET state = 'used', held_until = NULL, order_id = (call->>'orderId')::uuid, used_at = (call->>'at')::timestamptz
    WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held' RETURNING * INTO own;
  IF NOT FOUND THEN RETURN NULL; END IF;
  RETURN jsonb_build_object('couponId', own.coupon_id, 'title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id));
END $$;

-- What a coupon was granted for has been taken back: it may not come back to its owner.
CREATE OR REPLACE FUNCTION coupon_recalled(own coupon) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM effect WHERE kind = own.effect_kind AND source_id = own.effect_source AND part = 'coupon_void')
$$;

-- Gives a held or used coupon back to its owner, or voids it where its source was taken back meanwhile. → whether it is usable
CREATE OR REPLACE FUNCTION coupon_give_back(own coupon, at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  recalled boolean := coupon_recalled(own);
BEGIN
  UPDATE coupon SET state = CASE WHEN recalled THEN 'voided' ELSE 'granted' END, hold_id = NULL, held_until = NULL, order_id = NULL,
      used_at = NULL, voided_at = CASE WHEN recalled THEN at END,
      void_reason = CASE WHEN NOT recalled THEN NULL WHEN own.effect_kind = 'gift' THEN 'gift_superseded' ELSE 'order_returned' END
    WHERE member_id = own.member_id AND coupon_id = own.coupon_id;
  RETURN NOT recalled AND own.expires_at >= at;
END $$;

-- A hold was given up or ran out. {memberId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION coupon_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own coupon;
BEGIN
  SELECT * INTO own FROM coupon WHERE member_id = (call->>'memberId')::uuid AND hold_id = (call->>'holdId')::uuid AND state = 'held' FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  PERFORM coupon_give_back(own, coalesce((call->>'at')::timestamptz, own.held_until));
  RETURN '{"released": true}';
END $$;

-- An order came back whole: the coupon it used returns, the packet it was thanked with goes unless it was used. While
-- something of it is left, both stay. {memberId, orderId, at, leftFen?} → {coupon: {title, returned} | null, packet: {title, state} | null}
CREATE OR REPLACE FUNCTION coupon_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
  used jsonb;
  packet jsonb;
BEGIN
  IF (call->>'leftFen')::int > 0 THEN RETURN '{"coupon": null, "packet": null}'; END IF;
  SELECT * INTO own FROM coupon WHERE member_id = member AND order_id = (call->>'orderId')::uuid AND state = 'used' FOR UPDATE;
  IF FOUND THEN
    used := jsonb_build_object('title', (SELECT title FROM coupon_template t WHERE t.template_id = own.template_id),
      'returned', coupon_give_back(own, now_at));
  END IF;
  PERFORM coupon_void_of(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'order_returned'));
  SELECT jsonb_build_object('title', t.title, 'state', CASE c.state WHEN 'voided' THEN 'voided' ELSE 'used' END) INTO packet
    FROM coupon c JOIN coupon_template t USING (template_id)
    WHERE c.member_id = member AND c.effect_kind = 'order' AND c.effect_source = call->>'orderId';
  RETURN jsonb_build_object('coupon', used, 'packet', packet);
END $$;

-- Takes back what a source had granted, as far as it is unused. One that lies at a till right now is voided when it comes
-- back from there. {memberId, kind, sourceId, at, reason} → {voided}
CREATE OR REPLACE FUNCTION coupon_void_of(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
BEGIN
  PERFORM ledger_claim(call, 'coupon_void');
  UPDATE coupon SET state = 'voided', hold_id = NULL, held_until = NULL, voided_at = (call->>'at')::timestamptz, void_reason = call->>'reason'
    WHERE member_id = (call->>'memberId')::uuid AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      AND (state = 'granted' OR (state = 'held' AND held_until <= (call->>'at')::timestamptz));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN jsonb_build_object('voided', gone);
END $$;

-- Counts add up; what is above a limit then stays, and leaves nothing to take.
CREATE OR REPLACE FUNCTION coupon_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  UPDATE coupon SET member_id = dst WHERE member_id = src;
  INSERT INTO coupon_quota AS held (member_id, template_id, granted)
    SELECT dst, template_id, granted FROM coupon_quota WHERE member_id = src
    ON CONFLICT (member_id, template_id) DO UPDATE SET granted = held.granted + excluded.granted;
  DELETE FROM coupon_quota WHERE member_id = src;
  RETURN '{}';
END $$;

-- A coupon with its terms, as it travels.
CREATE OR REPLACE FUNCTION coupon_row(own coupon, terms coupon_template) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('couponId', own.coupon_id, 'templateId', own.template_id, 'title', terms.title, 'kind', terms.kind,
    'amountOffFen', terms.amount_off_fen, 'payPercent', terms.pay_percent, 'maxOffFen', terms.max_off_fen,
    'thresholdFen', terms.threshold_fen, 'state', own.state, 'validFrom', iso_text(own.valid_from), 'expiresAt', iso_text(own.expires_at),
    'heldUntil', iso_text(own.held_until), 'usedAt', iso_text(own.used_at), 'rules', terms.rules, 'effectKind', own.effect_kind);
END $$;

-- What could be laid on an order: not used, not voided, not ended. The soonest end first. {memberId, at} → rows
CREATE OR REPLACE FUNCTION coupon_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(coupon_row(live.own, t) ORDER BY (live.own).expires_at, (live.own).coupon_id), '[]') FROM (
    SELECT c AS own FROM coupon c WHERE member_id = (call->>'memberId')::uuid AND (state = 'granted' AND expires_at >= now_at
        OR state = 'held' AND greatest(expires_at, held_until) >= now_at)
      ORDER BY expires_at, coupon_id LIMIT 50) live JOIN coupon_template t ON t.template_id = (live.own).template_id);
END $$;

-- The coupon page in one round trip. {memberId, at} → {open, used, over, claimable}, 50 of each at most
CREATE OR REPLACE FUNCTION coupon_list(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN jsonb_build_object('open', coupon_open(call),
    'used', (SELECT coalesce(jsonb_agg(coupon_row(past.own, t) ORDER BY (past.own).used_at DESC), '[]') FROM (
      SELECT c AS own FROM coupon c WHERE member_id = me AND state = 'used' ORDER BY used_at DESC LIMIT 50) past
      JOIN coupon_template t ON t.template_id = (past.own).template_id),
    'over', (SELECT coalesce(jsonb_agg(coupon_row(past.own, t) ORDER BY coalesce((past.own).voided_at, (past.own).expires_at) DESC), '[]') FROM (
      SELECT c AS own FROM coupon c WHERE member_id = me AND (state = 'voided' OR (state = 'granted' AND expires_at < now_at)
          OR (state = 'held' AND greatest(expires_at, held_until) < now_at))
        ORDER BY coalesce(voided_at, expires_at) DESC LIMIT 50) past JOIN coupon_template t ON t.template_id = (past.own).template_id),
    'claimable', (SELECT coalesce(jsonb_agg(jsonb_build_object('templateId', t.template_id, 'title', t.title, 'kind', t.kind,
        'amountOffFen', t.amount_off_fen, 'payPercent', t.pay_percent, 'thresholdFen', t.threshold_fen, 'rules', t.rules,
        'validDays', t.valid_days, 'validUntil', iso_text(t.valid_until), 'startsAt', iso_text(t.starts_at), 'endsAt', iso_text(t.ends_at),
        'totalLimit', t.total_limit, 'granted', t.granted, 'perPersonLimit', t.per_person_limit, 'grantedToMe', coalesce(q.granted, 0))
        ORDER BY t.template_id), '[]')
      FROM coupon_template t LEFT JOIN coupon_quota q ON q.member_id = me AND q.template_id = t.template_id
      WHERE t.claimable AND (t.ends_at IS NULL OR t.ends_at >= now_at) AND (t.valid_until IS NULL OR t.valid_until > now_at)));
END $$;

-- All that the home screen reads, in one round trip; nothing is decided here but what is still to be had.
-- {memberId, at, newAfterDays, windowMonths, tierWarnDays} → {member, account, standing, lots, claim, phones, devices, gift, coupons, pickups,
-- undertaken, released, taken, rightsOwn, shareCode}; no member for one that was merged away.
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
    'standing', (SELECT json_build_object('tier', s.tier, 'validUntil', s.valid_until, 'countsAtEnd', CASE
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
    'coupons', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT t.title, c.expires_at AS "expiresAt", c.valid_from AS "validFrom" FROM coupon c JOIN coupon_template t USING (template_id)
        WHERE c.member_id = me AND c.state IN ('granted', 'held') AND c.expires_at > now_at
        ORDER BY c.expires_at, c.coupon_id LIMIT 100) own),
    'pickups', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT r.redemption_id AS "redemptionId", r.title, r.state, r.pickup_by AS "pickupBy" FROM redemption r
        WHERE r.member_id = me AND r.state IN ('placed', 'ready') ORDER BY r.pickup_by, r.redemption_id LIMIT 50) own),
    'undertaken', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT o.obligation_id AS "obligationId", o.title, o.target, i.progress, o.ends_at AS "endsAt",
          o.reward_points AS "rewardPoints", h.name AS "honourName"
        FROM obligation_instance i JOIN obligation o USING (obligation_id) LEFT JOIN honour h USING (honour_id)
        WHERE i.member_id = me AND i.state IN ('accepted', 'in_progress') AND o.ends_at > now_at LIMIT 50) own),
    'released', (SELECT coalesce(json_agg(paid), '[]') FROM (
      SELECT r.points, r.settled_at AS at, encode(f.name_sealed, 'base64') AS "nameSealed"
        FROM referral r JOIN member f ON f.member_id = r.member_id
        WHERE r.inviter_id = me AND r.state = 'released' AND r.settled_at > now_at - interval '3 days'
        ORDER BY r.settled_at DESC LIMIT 1) paid),
    'taken', (SELECT coalesce(json_object_agg(q.reward_id, q.taken), '{}') FROM (
      SELECT reward_id, taken FROM reward_quota WHERE member_id = me LIMIT 200) q),
    'rightsOwn', right_own(me, now_at),
    'shareCode', (SELECT l.code FROM referral_link l WHERE l.member_id = me ORDER BY l.created_at, l.code LIMIT 1));
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
    'gone', coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false));
END $$;

-- The rewards on the shelf with what is left of each; the same for everybody. {at}
CREATE OR REPLACE FUNCTION home_shelf(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(shelf), '[]') FROM (
    SELECT r.reward_id AS "rewardId", r.title, r.art, r.points, r.tier_gate AS "tierGate", r.per_person_limit AS "perPersonLimit",
        r.public_at AS "publicAt", r.early_hours AS "earlyHours", r.ends_at AS "endsAt", mall_left(r) AS left
      FROM reward r WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > (call->>'at')::timestamptz)
      ORDER BY r.position, r.reward_id LIMIT 200) shelf);
END $$;

-- Corrections by hand. Protects: I-L3 (what is not there becomes visible debt), I-L5 (each adjustment claims its effect),
-- the limit of what one operator moves alone (a conditional write, its CHECK behind it) and that nobody agrees with
-- themselves.

-- Gives or takes points by hand. More: one new lot that is active at once and pays what is owed first. Fewer: active lots, the
-- earliest end first, then visible debt. {memberId, at, kind, sourceId, points (signed), expiresAt, reason, detail}
-- → {available, debt: what this one left owed, lotId: the new lot or null}, or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_adjust(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own account := ledger_hold((call->>'memberId')::uuid, (call->>'at')::timestamptz);
  points int := (call->>'points')::int;
  lot uuid;
  owed int := 0;
BEGIN
  IF NOT ledger_claim(call, 'adjust') THEN RETURN NULL; END IF;
  IF points > 0 THEN lot := ledger_adjust_up(call, points); ELSE owed := ledger_adjust_down(call, -points); END IF;
  SELECT * INTO own FROM account WHERE member_id = own.member_id;
  RETURN jsonb_build_object('available', own.available_points, 'debt', owed, 'lotId', lot);
END $$;

-- The account row is held already. → the new lot
CREATE OR REPLACE FUNCTION ledger_adjust_up(call jsonb, points int) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  new_lot uuid := uuid_v7(now_at);
BEGIN
  INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
    VALUES (member, new_lot, new_lot, 'active', points, points, now_at, (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  UPDATE account SET available_points = available_points + points WHERE member_id = member;
  PERFORM ledger_move(call, 'points', 'programme:adjusted', 'member:available', points, new_lot, call->>'reason');
  PERFORM ledger_pay_debt(member, new_lot, now_at);
  RETURN new_lot;
END $$;

-- The account row is held already. → what the lots did not hold and is owed now
CREATE OR REPLACE FUNCTION ledger_adjust_down(call jsonb, points int) RETURNS int
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  owed int := points;
  giving lot;
  part int;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:adjusted', part, giving.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:adjusted', owed, NULL, call->>'reason'); END IF;
  UPDATE account SET available_points = available_points - (points - owed), debt_points = debt_points + owed WHERE member_id = member;
  RETURN owed;
END $$;

-- Proposes a correction; what the operator may still move alone today is done at once. The conditional write to the day
-- decides between many at once; nobody moves their own points alone.
-- {request, staffId, memberId, adjustmentId, points, reason, note, day, aloneLimit, titles, expiresAt, at} → adjustment
CREATE OR REPLACE FUNCTION adjustment_propose(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  PERFORM member_hold(member);
  INSERT INTO adjustment (member_id, adjustment_id, points, reason, note, state, proposed_by, proposed_at)
    VALUES (member, (call->>'adjustmentId')::uuid, (call->>'points')::int, call->>'reason', call->>'note', 'waiting',
            own.member_id, (call->>'at')::timestamptz) RETURNING * INTO proposed;
  IF member <> own.member_id AND adjustment_take_alone(own.member_id, call->>'day', abs(proposed.points), (call->>'aloneLimit')::int) THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'ledger.adjust', 'subject', proposed.adjustment_id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- A second operator agrees or not. Neither who proposed it, in whatever record, nor whose points they are.
-- {request, staffId, adjustmentId, agree, note, titles, expiresAt, at} → adjustment
-- Refuses NOT_FOUND, ADJUSTMENT_OWN, ADJUSTMENT_DONE, MEMBER_UNKNOWN (gone meanwhile), BUSY (merged meanwhile).
CREATE OR REPLACE FUNCTION adjustment_decide(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  id uuid := (call->>'adjustmentId')::uuid;
  agreed boolean := (call->>'agree')::boolean;
  known jsonb := request_begin(call->'request');
  own staff;
  member uuid;
  proposed adjustment;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := adjustment_operator((call->>'staffId')::uuid);
  SELECT member_id INTO member FROM adjustment WHERE adjustment_id = id;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "adjustment"}'); END IF;
  -- a refusal moves nothing, so it is possible for somebody who has left, too
  IF agreed THEN PERFORM member_hold(member); END IF;
  SELECT * INTO proposed FROM adjustment WHERE adjustment_id = id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM member m WHERE m.member_id IN (proposed.proposed_by, proposed.member_id)
      AND own.member_id IN (m.member_id, m.merged_into)) THEN
    PERFORM refuse('ADJUSTMENT_OWN');
  END IF;
  IF proposed.state <> 'waiting' THEN PERFORM refuse('ADJUSTMENT_DONE'); END IF;
  IF agreed AND proposed.member_id <> member THEN PERFORM refuse('BUSY'); END IF;
  IF agreed THEN
    proposed := adjustment_carry_out(proposed, own.member_id, call);
  ELSE
    UPDATE adjustment SET state = 'refused', decided_by = own.member_id, decided_at = (call->>'at')::timestamptz,
        decision_note = call->>'note'
      WHERE adjustment_id = id AND state = 'waiting' RETURNING * INTO proposed;
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'ledger.decide', 'subject', id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', adjustment_row(proposed));
END $$;

-- The working operator who asks, kept from leaving or being merged until this is written.
CREATE OR REPLACE FUNCTION adjustment_operator(actor uuid) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff;
BEGIN
  SELECT * INTO own FROM staff WHERE member_id = actor AND ended_at IS NULL FOR SHARE;
  IF NOT FOUND THEN PERFORM refuse('STAFF_NEEDED'); END IF;
  IF own.role <> 'operator' THEN PERFORM refuse('ROLE_NEEDED', '{"role": "operator"}'); END IF;
  RETURN own;
END $$;

-- Takes so many points from what one operator may move alone on one day; false when they do not fit in any more.
CREATE OR REPLACE FUNCTION adjustment_take_alone(operator uuid, which_day text, moved int, alone_limit int) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO adjustment_day (staff_id, day, points) SELECT operator, which_day, moved WHERE moved <= alone_limit
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points
      WHERE adjustment_day.points + excluded.points <= alone_limit;
  RETURN FOUND;
END $$;

-- Moves the points of a waiting adjustment. The member is held.
CREATE OR REPLACE FUNCTION adjustment_carry_out(proposed adjustment, decider uuid, call jsonb) RETURNS adjustment
LANGUAGE plpgsql AS $$
DECLARE
  moved jsonb := ledger_adjust(jsonb_build_object('memberId', proposed.member_id, 'at', call->'at', 'kind', 'adjustment',
    'sourceId', proposed.adjustment_id, 'points', proposed.points, 'expiresAt', call->'expiresAt', 'reason', 'adjusted',
    'detail', jsonb_build_object('title', call->'titles'->>proposed.reason)));
BEGIN
  UPDATE adjustment SET state = 'done', decided_by = decider, decided_at = (call->>'at')::timestamptz,
      -- the note of a proposal that one operator was enough for is no decision's
      decision_note = CASE WHEN decider <> proposed.proposed_by THEN call->>'note' END, debt_points = (moved->>'debt')::int
    WHERE adjustment_id = proposed.adjustment_id AND state = 'waiting' AND moved IS NOT NULL RETURNING * INTO proposed;
  IF NOT FOUND THEN RAISE EXCEPTION 'adjustment % has had its effect', proposed.adjustment_id; END IF;
  RETURN proposed;
END $$;

CREATE OR REPLACE FUNCTION adjustment_row(a adjustment) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('adjustmentId', a.adjustment_id, 'memberId', a.member_id, 'points', a.points, 'reason', a.reason,
    'note', a.note, 'state', a.state, 'proposedBy', a.proposed_by, 'proposedAt', iso_text(a.proposed_at), 'decidedBy', a.decided_by,
    'decidedAt', iso_text(a.decided_at), 'decisionNote', a.decision_note, 'debtPoints', a.debt_points)
$$;

-- What concerned the other record concerns the survivor; what both moved alone on a day was moved by one person.
CREATE OR REPLACE FUNCTION adjustment_merge(src uuid, dst uuid) RETURNS void
LANGUAGE sql AS $$
  UPDATE adjustment SET member_id = dst WHERE member_id = src;
  -- waits for what the other record is moving as an operator just now
  SELECT 1 FROM staff WHERE member_id = src FOR UPDATE;
  INSERT INTO adjustment_day (staff_id, day, points) SELECT dst, day, points FROM adjustment_day WHERE staff_id = src
    ON CONFLICT (staff_id, day) DO UPDATE SET points = adjustment_day.points + excluded.points;
  DELETE FROM adjustment_day WHERE staff_id = src
$$;

-- Growth counts for a window and moves with the day it was earned on. What a call reads is what was written since the window
-- began: transfer ids begin with their time, so the history before it is never looked at.

-- The lowest id that a transfer of this instant can have.
CREATE OR REPLACE FUNCTION ledger_id_from(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (rpad(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0'))::uuid
$$;

-- Growth earned since `since`, source by source, and below zero what of it was given back. What a merge brought counts from
-- the day on which the other record had earned it. `sources` adds up to how many there are: one that came back in part is one.
CREATE OR REPLACE FUNCTION ledger_growth_lines(member uuid, since timestamptz)
RETURNS TABLE (reason text, earned_at timestamptz, growth int, sources int)
LANGUAGE sql STABLE AS $$
  WITH moved AS (
    SELECT t.reason, t.from_account, t.to_account, t.amount, t.effect_kind, t.effect_source, t.detail ? 'leftFen' AS in_part,
        coalesce((t.detail->>'earnedAt')::timestamptz, t.at) AS earned_at
      FROM transfer t WHERE t.member_id = member AND t.transfer_id >= ledger_id_from(since) AND t.unit = 'growth')
  SELECT m.reason, m.earned_at, m.amount, 1 FROM moved m WHERE m.to_account = 'member:growth' AND m.earned_at >= since
  UNION ALL
  SELECT coalesce(c.reason, 'merged_in'), m.earned_at, -m.amount, CASE WHEN c.reason IS NULL OR m.in_part THEN 0 ELSE -1 END
    FROM moved m LEFT JOIN moved c ON c.to_account = 'member:growth' AND c.effect_kind = m.effect_kind AND c.effect_source = m.effect_source
    WHERE m.from_account = 'member:growth' AND m.to_account = 'programme:issued' AND m.earned_at >= since
$$;

-- What was earned before {from} leaves the account, in one line per run. {memberId, at, from} → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  gone int;
BEGIN
  SELECT growth INTO held FROM account WHERE member_id = member FOR UPDATE;
  gone := held - (SELECT coalesce(sum(growth), 0) FROM ledger_growth_lines(member, (call->>'from')::timestamptz));
  IF gone IS NULL OR gone <= 0 THEN RETURN '{"expired": 0}'; END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
END $$;

-- A merge moves the growth that one record still holds, day by day, the latest first: what is older has left already.
CREATE OR REPLACE FUNCTION ledger_move_growth(src uuid, dst uuid, held int, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  part int;
BEGIN
  FOR one IN SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' AS day, sum(growth)::int AS growth
      FROM ledger_growth_lines(src, 'epoch') GROUP BY 1 HAVING sum(growth) > 0 ORDER BY 1 DESC LOOP
    EXIT WHEN held = 0;
    part := least(held, one.growth);
    INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at) VALUES
      (src, uuid_v7(at), 'growth', 'member:growth', 'programme:moved', part, 'merged_out', jsonb_build_object('earnedAt', iso_text(one.day)), at),
      (dst, uuid_v7(at), 'growth', 'programme:moved', 'member:growth', part, 'merged_in',
        jsonb_build_object('earnedAt', iso_text(one.day), 'from', src), at);
    held := held - part;
  END LOOP;
  IF held > 0 THEN PERFORM ledger_move_pair(src, dst, 'growth', 'member:growth', held, NULL, NULL, at); END IF;
END $$;

-- Spending, giving back and taking back. Protects: I-L3 (short or in debt is refused before anything moves), I-L5 (each
-- claims its part of the effect), I-L6 (the account row and the lots it takes, never the history), I-M2 and I-P4 with
-- the statements that call it.

-- Holds the account, against a merge too, and brings its lots up to `at`.
CREATE OR REPLACE FUNCTION ledger_hold(member uuid, at timestamptz) RETURNS account
LANGUAGE plpgsql AS $$
DECLARE
  own account;
BEGIN
  SELECT * INTO own FROM account WHERE member_id = member FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN PERFORM refuse('BUSY'); END IF;
  IF EXISTS (SELECT 1 FROM lot WHERE member_id = member AND remaining > 0
      AND ((state = 'pending' AND active_at <= at) OR expires_at < at)) THEN
    PERFORM ledger_settle_lots(jsonb_build_object('memberId', member, 'at', at));
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN own;
END $$;

-- One movement of one lot between the member and the programme; growth has no lot.
CREATE OR REPLACE FUNCTION ledger_move(call jsonb, what text, source text, target text, how_many int, of_lot uuid, why text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    VALUES ((call->>'memberId')::uuid, uuid_v7((call->>'at')::timestamptz), what, source, target, how_many, why,
            coalesce(call->'detail', '{}'), of_lot, call->>'kind', call->>'sourceId', (call->>'at')::timestamptz)
$$;

-- Claims one part of a source's effect; false when it has had it.
CREATE OR REPLACE FUNCTION ledger_claim(call jsonb, which text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', which, (call->>'memberId')::uuid, (call->>'at')::timestamptz)
    ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Spends points, earliest end first, ties by lot id, and notes which lots paid.
-- {memberId, at, kind, sourceId, points, reason, detail} → {available}, or NULL when this source has had its effect.
-- Refuses IN_DEBT, POINTS_SHORT {shortPoints}, BUSY (merged meanwhile).
-- One plan for everybody: a plan of their own for members whose history fills much of the table reads everybody's live lots.
CREATE OR REPLACE FUNCTION ledger_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  paying lot;
  part int;
BEGIN
  IF NOT ledger_claim(call, 'spend') THEN RETURN NULL; END IF;
  IF own.debt_points > 0 THEN PERFORM refuse('IN_DEBT', jsonb_build_object('debtPoints', own.debt_points)); END IF;
  IF own.available_points < owed THEN
    PERFORM refuse('POINTS_SHORT', jsonb_build_object('shortPoints', owed - own.available_points));
  END IF;
  UPDATE account SET available_points = available_points - owed WHERE member_id = member RETURNING * INTO own;
  FOR paying IN SELECT * FROM lot WHERE member_id = member AND state = 'active' AND remaining > 0
      ORDER BY expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, paying.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = paying.lot_id;
    INSERT INTO lot_use (member_id, effect_kind, effect_source, lot_id, origin_lot_id, points, active_at, expires_at)
      VALUES (member, call->>'kind', call->>'sourceId', paying.lot_id, paying.origin_lot_id, part, paying.active_at, paying.expires_at);
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:spent', part, paying.lot_id, call->>'reason');
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN RAISE EXCEPTION 'the lots of % hold less than its account', member; END IF;
  RETURN jsonb_build_object('available', own.available_points);
END $$;

-- Gives the points of a spend back to their lots with their old end. Where a lot has ended meanwhile, its points live on
-- to {graceUntil}, once per origin lot: what one spend took from several lots of one origin comes back together, what a later
-- return brings ends at once.
-- {memberId, at, kind, sourceId, graceUntil, reason, detail} → {returned, grace, expired, available} in points, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_return_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  used lot_use;
  back uuid;
  graced uuid[] := '{}';
  returned int := 0;
  grace int := 0;
  expired int := 0;
BEGIN
  IF NOT ledger_claim(call, 'return') THEN RETURN NULL; END IF;
  FOR used IN SELECT * FROM lot_use WHERE member_id = member AND effect_kind = call->>'kind' AND effect_source = call->>'sourceId'
      ORDER BY expires_at, lot_id LOOP
    IF used.expires_at >= now_at THEN
      back := ledger_refill(call, used, used.expires_at);
      returned := returned + used.points;
    ELSIF used.origin_lot_id = ANY (graced)
        OR ledger_claim(call || jsonb_build_object('kind', 'grace', 'sourceId', used.origin_lot_id), 'lot') THEN
      graced := graced || used.origin_lot_id;
      back := ledger_refill(call, used, (call->>'graceUntil')::timestamptz);
      grace := grace + used.points;
    ELSE
      back := ledger_refill(call, used, used.expires_at);
      PERFORM ledger_end_refill(call, used.points, back);
      expired := expired + used.points;
      CONTINUE;
    END IF;
    PERFORM ledger_pay_debt(member, back, now_at);
  END LOOP;
  SELECT * INTO own FROM account WHERE member_id = member;
  RETURN jsonb_build_object('returned', returned, 'grace', grace, 'expired', expired, 'available', own.available_points);
END $$;

-- Points that come back after their end: they go at once, but not before they came.
CREATE OR REPLACE FUNCTION ledger_end_refill(call jsonb, points int, into_lot uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
BEGIN
  UPDATE lot SET remaining = remaining - points WHERE member_id = member AND lot_id = into_lot;
  UPDATE account SET available_points = available_points - points WHERE member_id = member;
  PERFORM ledger_move(call || '{"detail": {}}', 'points', 'member:available', 'programme:expired', points, into_lot, 'expired');
END $$;

-- Puts points back into the lot they came from; into a new one of the same origin where that lot ended or moved.
CREATE OR REPLACE FUNCTION ledger_refill(call jsonb, used lot_use, ends_at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  into_lot uuid := used.lot_id;
BEGIN
  UPDATE lot SET remaining = remaining + used.points
    WHERE member_id = used.member_id AND lot_id = into_lot AND expires_at = ends_at AND remaining + used.points <= earned;
  IF NOT FOUND THEN
    into_lot := uuid_v7(now_at);
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (used.member_id, into_lot, used.origin_lot_id, 'active', used.points, used.points,
              least(used.active_at, now_at), ends_at, call->>'kind', call->>'sourceId');
  END IF;
  UPDATE account SET available_points = available_points + used.points WHERE member_id = used.member_id;
  PERFORM ledger_move(call || jsonb_build_object('detail', coalesce(call->'detail', '{}') || jsonb_build_object('expiresAt', iso_text(ends_at))),
    'points', 'programme:spent', 'member:available', used.points, into_lot,
    CASE WHEN ends_at > used.expires_at THEN 'grace' ELSE call->>'reason' END);
  RETURN into_lot;
END $$;

-- Takes back what a source had awarded: its own lot first, pending or active, then other active lots, then visible debt.
-- Growth goes back as far as the account still holds it. What is taken back in several parts names each; 'take_back' is the last.
-- {memberId, at, kind, sourceId, part?, points, growth, earnedAt, reason, detail} → {pending, available, debt, growth, growthAfter}, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_take_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  owed int := (call->>'points')::int;
  grown int := least((call->>'growth')::int, own.growth);
  giving lot;
  part int;
  from_pending int := 0;
  from_available int := 0;
BEGIN
  IF NOT ledger_claim(call, coalesce(call->>'part', 'take_back')) THEN RETURN NULL; END IF;
  FOR giving IN SELECT * FROM lot WHERE member_id = member AND remaining > 0
      AND (state = 'active' OR (effect_kind = call->>'kind' AND effect_source = call->>'sourceId'))
      ORDER BY (effect_kind = call->>'kind' AND effect_source = call->>'sourceId') DESC, expires_at, lot_id LOOP
    EXIT WHEN owed = 0;
    part := least(owed, giving.remaining);
    UPDATE lot SET remaining = remaining - part WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', CASE giving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END,
      'programme:issued', part, giving.lot_id, call->>'reason');
    IF giving.state = 'pending' THEN from_pending := from_pending + part; ELSE from_available := from_available + part; END IF;
    owed := owed - part;
  END LOOP;
  IF owed > 0 THEN PERFORM ledger_move(call, 'points', 'member:debt', 'programme:issued', owed, NULL, call->>'reason'); END IF;
  IF grown > 0 THEN PERFORM ledger_move(call, 'growth', 'member:growth', 'programme:issued', grown, NULL, call->>'reason'); END IF;
  UPDATE account SET pending_points = pending_points - from_pending, available_points = available_points - from_available,
      debt_points = debt_points + owed, growth = growth - grown WHERE member_id = member;
  RETURN jsonb_build_object('pending', from_pending, 'available', from_available, 'debt', owed, 'growth', grown,
    'growthAfter', own.growth - grown);
END $$;

-- Takes back what one lot still holds, wherever its points have moved or come back to; never other points, never debt.
-- Run again, it finds nothing. {memberId, at, kind, sourceId, originLotId, reason, detail} → {taken}
CREATE OR REPLACE FUNCTION ledger_take_lot(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  own account := ledger_hold(member, (call->>'at')::timestamptz);
  giving lot;
  taken int := 0;
BEGIN
  FOR giving IN SELECT * FROM lot WHERE member_id = own.member_id AND origin_lot_id = (call->>'originLotId')::uuid AND state = 'active'
      AND remaining > 0 LOOP
    UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = giving.lot_id;
    PERFORM ledger_move(call, 'points', 'member:available', 'programme:issued', giving.remaining, giving.lot_id, call->>'reason');
    taken := taken + giving.remaining;
  END LOOP;
  UPDATE account SET available_points = available_points - taken WHERE member_id = member AND taken > 0;
  RETURN jsonb_build_object('taken', taken);
END $$;

-- The ledger's only writers. Protects: I-L1 (each transfer has two sides), I-L2/I-L3 (account rows move by the
-- amounts of the transfers, CHECKs behind them), I-L5 (an award claims its effect in the same transaction),
-- I-L6 (a call touches the account row and the lots it uses, never the history).

-- Award points and growth for one source. {memberId, at, kind, sourceId, points, growth, activeAt, expiresAt, reason, detail}
-- → {available, pending, growth, lotId} or NULL when this source has had its effect.
CREATE OR REPLACE FUNCTION ledger_award(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  active_at timestamptz := (call->>'activeAt')::timestamptz;
  points int := (call->>'points')::int;
  grown int := (call->>'growth')::int;
  pending boolean := active_at > at;
  lot uuid := uuid_v7(at);
  own account;
BEGIN
  INSERT INTO effect (kind, source_id, part, member_id, at)
    VALUES (call->>'kind', call->>'sourceId', 'award', member, at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN NULL; END IF;

  UPDATE account SET
      pending_points = pending_points + CASE WHEN pending THEN points ELSE 0 END,
      available_points = available_points + CASE WHEN pending THEN 0 ELSE points END,
      growth = account.growth + grown
    WHERE member_id = member RETURNING * INTO own;
  IF NOT FOUND THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
  -- with the account row held, a merge that took this member away is visible
  IF NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = member AND m.status = 'active') THEN
    PERFORM refuse('BUSY');
  END IF;

  IF points > 0 THEN
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (member, lot, lot, CASE WHEN pending THEN 'pending' ELSE 'active' END, points, points, active_at,
              (call->>'expiresAt')::timestamptz, call->>'kind', call->>'sourceId');
  END IF;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, effect_kind, effect_source, at)
    SELECT member, uuid_v7(at), side.unit, 'programme:issued', side.to_account, side.amount, call->>'reason', call->'detail',
           side.lot_id, call->>'kind', call->>'sourceId', at
      FROM (VALUES ('points', CASE WHEN pending THEN 'member:pending' ELSE 'member:available' END, points, lot),
                   ('growth', 'member:growth', grown, NULL)) side (unit, to_account, amount, lot_id)
      WHERE side.amount > 0;
  IF NOT pending AND own.debt_points > 0 THEN
    PERFORM ledger_pay_debt(member, lot, at);
    SELECT * INTO own FROM account WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('available', own.available_points, 'pending', own.pending_points, 'growth', own.growth, 'lotId', lot);
END $$;

-- An active lot pays what the member owes, before anything of it can be spent. The account row is locked already.
CREATE OR REPLACE FUNCTION ledger_pay_debt(member uuid, paying_lot uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  pay int;
BEGIN
  SELECT least(account.debt_points, lot.remaining) INTO pay
    FROM account JOIN lot USING (member_id) WHERE member_id = member AND lot_id = paying_lot;
  IF pay IS NULL OR pay = 0 THEN RETURN; END IF;
  UPDATE lot SET remaining = remaining - pay WHERE member_id = member AND lot_id = paying_lot;
  UPDATE account SET available_points = available_points - pay, debt_points = debt_points - pay WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(at), 'points', 'member:available', 'member:debt', pay, 'debt_paid', '{}', paying_lot, at);
END $$;

-- Brings one member's lots up to {memberId, at}: pending ones whose day has come become spendable, ended ones go.
-- Safe to repeat and to run twice at once: the account row is the lock. → {matured, expired} in points
CREATE OR REPLACE FUNCTION ledger_settle_lots(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  due lot;
  matured int := 0;
  expired int := 0;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  FOR due IN SELECT * FROM lot
      WHERE member_id = member AND remaining > 0
        AND ((state = 'pending' AND active_at <= now_at) OR expires_at < now_at)
      ORDER BY active_at, lot_id LOOP
    IF due.state = 'pending' THEN
      UPDATE lot SET state = 'active' WHERE member_id = member AND lot_id = due.lot_id;
      UPDATE account SET pending_points = pending_points - due.remaining,
          available_points = available_points + due.remaining WHERE member_id = member;
      INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
        VALUES (member, uuid_v7(due.active_at), 'points', 'member:pending', 'member:available', due.remaining, 'matured',
                jsonb_build_object('expiresAt', due.expires_at), due.lot_id, due.active_at);
      matured := matured + due.remaining;
      PERFORM ledger_pay_debt(member, due.lot_id, due.active_at);
    END IF;
    expired := expired + ledger_expire_lot(member, due.lot_id, now_at);
  END LOOP;
  RETURN jsonb_build_object('matured', matured, 'expired', expired);
END $$;

CREATE OR REPLACE FUNCTION ledger_expire_lot(member uuid, ending_lot uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  gone int;
  ended timestamptz;
BEGIN
  SELECT remaining, expires_at INTO gone, ended FROM lot
    WHERE member_id = member AND lot_id = ending_lot AND remaining > 0 AND expires_at < now_at;
  IF gone IS NULL THEN RETURN 0; END IF;
  UPDATE lot SET remaining = 0 WHERE member_id = member AND lot_id = ending_lot;
  UPDATE account SET available_points = available_points - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at)
    VALUES (member, uuid_v7(ended), 'points', 'member:available', 'programme:expired', gone, 'expired', '{}', ending_lot, ended);
  RETURN gone;
END $$;

-- Opens an empty account. {memberId}
CREATE OR REPLACE FUNCTION ledger_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO account (member_id) VALUES ((call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- Moves everything of {from} to {to}, lot by lot with expiry and origin, growth too, as pairs of transfers through
-- programme:moved. What is due has its day first: a lot that came later cannot have matured or ended before. → {points, growth}
CREATE OR REPLACE FUNCTION ledger_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  at timestamptz := (call->>'at')::timestamptz;
  moving lot;
  side text;
  new_lot uuid;
  own account;
BEGIN
  PERFORM 1 FROM account WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  PERFORM ledger_settle_lots(call || jsonb_build_object('memberId', id)) FROM unnest(ARRAY[src, dst]) id;
  SELECT * INTO own FROM account WHERE member_id = src;
  FOR moving IN SELECT * FROM lot WHERE member_id = src AND remaining > 0 ORDER BY expires_at, lot_id LOOP
    side := CASE moving.state WHEN 'pending' THEN 'member:pending' ELSE 'member:available' END;
    new_lot := uuid_v7(at);
    UPDATE lot SET remaining = 0 WHERE member_id = src AND lot_id = moving.lot_id;
    INSERT INTO lot (member_id, lot_id, origin_lot_id, state, earned, remaining, active_at, expires_at, effect_kind, effect_source)
      VALUES (dst, new_lot, moving.origin_lot_id, moving.state, moving.remaining, moving.remaining, moving.active_at,
              moving.expires_at, moving.effect_kind, moving.effect_source);
    PERFORM ledger_move_pair(src, dst, 'points', side, moving.remaining, moving.lot_id, new_lot, at);
  END LOOP;
  IF own.growth > 0 THEN PERFORM ledger_move_growth(src, dst, own.growth, at); END IF;
  IF own.debt_points > 0 THEN PERFORM ledger_move_debt(src, dst, own.debt_points, at); END IF;
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
  PERFORM adjustment_merge(src, dst);
  UPDATE account SET available_points = 0, pending_points = 0, debt_points = 0, growth = 0 WHERE member_id = src;
  UPDATE account SET available_points = available_points + own.available_points,
      pending_points = pending_points + own.pending_points, debt_points = debt_points + own.debt_points,
      growth = growth + own.growth WHERE member_id = dst;
  PERFORM ledger_pay_debt(dst, lot_id, at) FROM lot
    WHERE member_id = dst AND state = 'active' AND remaining > 0 ORDER BY expires_at, lot_id;
  RETURN jsonb_build_object('points', own.available_points + own.pending_points, 'growth', own.growth);
END $$;

CREATE OR REPLACE FUNCTION ledger_move_pair(src uuid, dst uuid, what text, side text, amount int, old_lot uuid, new_lot uuid, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, lot_id, at) VALUES
    (src, uuid_v7(at), what, side, 'programme:moved', amount, 'merged_out', '{}', old_lot, at),
    (dst, uuid_v7(at), what, 'programme:moved', side, amount, 'merged_in', '{}', new_lot, at)
$$;

-- Debt is the negative side of a member, so it travels the other way round.
CREATE OR REPLACE FUNCTION ledger_move_debt(src uuid, dst uuid, amount int, at timestamptz)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at) VALUES
    (src, uuid_v7(at), 'points', 'programme:moved', 'member:debt', amount, 'merged_out', '{}', at),
    (dst, uuid_v7(at), 'points', 'member:debt', 'programme:moved', amount, 'merged_in', '{}', at)
$$;

-- A transfer or an effect is written once; a mistake is undone by a new transfer.
CREATE OR REPLACE FUNCTION ledger_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE OR REPLACE TRIGGER transfer_keep BEFORE UPDATE OR DELETE ON transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();
CREATE OR REPLACE TRIGGER effect_keep BEFORE UPDATE OR DELETE ON effect
  FOR EACH ROW EXECUTE FUNCTION ledger_keep();

-- What becomes of a redemption: ready, picked up, cancelled, moved along by a merge. Protects: I-M1 (what comes back can be
-- taken again, once), I-M2 (points come back with the cancellation or not at all). Verbs of one member come one after the
-- other (member_hold), so a cancellation and a hand-over never both win.

-- The code that is said at the counter: 8 digits, as random as the server's UUIDs.
CREATE OR REPLACE FUNCTION mall_draw_code(member uuid, id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO pickup_code (code, member_id, redemption_id) VALUES (
        lpad((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint % 100000000)::text, 8, '0'), member, id)
      ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN; END IF;
  END LOOP;
END $$;

-- What is prepared by now can be picked up: up to {limit}, each told to a member who allows it. Two workers never get the
-- same one. {at, limit} → {ready}
CREATE OR REPLACE FUNCTION mall_make_ready(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  due redemption;
  n int := 0;
BEGIN
  FOR due IN SELECT * FROM redemption WHERE state = 'placed' AND ready_at <= (call->>'at')::timestamptz
      ORDER BY ready_at LIMIT (call->>'limit')::int FOR UPDATE SKIP LOCKED LOOP
    UPDATE redemption SET state = 'ready' WHERE member_id = due.member_id AND redemption_id = due.redemption_id;
    PERFORM mall_draw_code(due.member_id, due.redemption_id);
    PERFORM outbox_put(jsonb_build_object('memberId', due.member_id, 'template', 'pickup_ready', 'at', call->'at',
      'ifAllowed', true, 'payload', jsonb_build_object('title', due.title, 'pickupBy', iso_text(due.pickup_by))));
    n := n + 1;
  END LOOP;
  RETURN jsonb_build_object('ready', n);
END $$;

-- Hands a redemption over in a live visit that was opened with a code. Handed out after its last day, too, as long as
-- nobody has cancelled it: the thing is here and so is the customer.
-- {request, staffId, memberId, visitId, pickupCode, at} → {done} | {fault} (a wrong code stays in the audit)
CREATE OR REPLACE FUNCTION mall_hand_over(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  here visit;
  given redemption;
  entry jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);

  SELECT r.* INTO given FROM pickup_code c JOIN redemption r USING (member_id, redemption_id)
    WHERE c.code = call->>'pickupCode' AND c.member_id = member FOR UPDATE OF r;
  entry := jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'bodyHash', call->'request'->>'bodyHash');
  IF given.redemption_id IS NULL THEN
    PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.miss', 'subject', here.visit_id));
    RETURN request_end(call->'request', '{"fault": {"code": "PICKUP_WRONG", "detail": {}}}');
  END IF;
  IF given.state = 'placed' THEN
    PERFORM refuse('PICKUP_NOT_READY', jsonb_build_object('readyAt', iso_text(given.ready_at)));
  END IF;
  IF given.state <> 'ready' THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  UPDATE redemption SET state = 'done', finished_at = now_at, store_id = own.store_id, staff_id = own.member_id,
      visit_id = here.visit_id WHERE member_id = member AND redemption_id = given.redemption_id;
  PERFORM audit_append(entry || jsonb_build_object('verb', 'mall.handOver', 'subject', given.redemption_id));
  RETURN request_end(call->'request', jsonb_build_object('done', jsonb_build_object('title', given.title,
    'art', (SELECT art FROM reward WHERE reward_id = given.reward_id), 'pieceNo', given.piece_no, 'pickedUpAt', call->'at')));
END $$;

-- A member takes an exchange back. {request, memberId, redemptionId, at, graceUntil}
-- → {redemption, returned, grace, expired}; refuses NOT_FOUND, REDEMPTION_DONE, BUSY.
CREATE OR REPLACE FUNCTION mall_cancel(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  known jsonb := request_begin(call->'request');
  held redemption;
  back jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = id AND origin = 'mall' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "redemption"}'); END IF;
  IF held.state NOT IN ('placed', 'ready') THEN PERFORM refuse('REDEMPTION_DONE'); END IF;
  back := mall_undo(held, call || '{"cancelReason": "member"}');
  RETURN request_end(call->'request', back || jsonb_build_object('redemption', mall_shown(member, id)));
END $$;

-- What nobody picked up in time. Points come back; run again, it finds nothing. {memberId, redemptionId, at, graceUntil} → {cancelled}
CREATE OR REPLACE FUNCTION mall_cancel_overdue(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held redemption;
BEGIN
  PERFORM member_hold(member);
  SELECT * INTO held FROM redemption WHERE member_id = member AND redemption_id = (call->>'redemptionId')::uuid
    AND state = 'ready' AND pickup_by < (call->>'at')::timestamptz FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"cancelled": false}'; END IF;
  PERFORM mall_undo(held, call || '{"cancelReason": "overdue"}');
  RETURN '{"cancelled": true}';
END $$;

-- Cancels a redemption that is held: points to their lots, the share of the limit, the right and the piece back.
-- → {returned, grace, expired}
CREATE OR REPLACE FUNCTION mall_undo(held redemption, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back_points jsonb := '{"returned": 0, "grace": 0, "expired": 0}';
BEGIN
  IF held.points > 0 THEN
    back_points := ledger_return_spend(jsonb_build_object('memberId', held.member_id, 'at', call->'at', 'kind', 'redemption',
      'sourceId', held.redemption_id, 'graceUntil', call->'graceUntil', 'reason', 'exchange_returned',
      'detail', jsonb_build_object('title', held.title)));
    -- points of a gift or a reward that a merge took back stay with the programme
    PERFORM gift_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
    PERFORM referral_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
  END IF;
  UPDATE redemption SET state = 'cancelled', cancel_reason = call->>'cancelReason', finished_at = (call->>'at')::timestamptz,
      back = CASE held.origin WHEN 'mall' THEN back_points - 'available' END WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF held.right_id IS NOT NULL THEN PERFORM right_give_back(held.member_id, held.right_id, held.right_period); END IF;
  IF held.origin = 'mall' THEN
    UPDATE reward_quota SET taken = greatest(0, taken - 1) WHERE member_id = held.member_id AND reward_id = held.reward_id;
  END IF;
  IF held.piece_no IS NOT NULL THEN
    UPDATE reward_piece SET member_id = NULL, redemption_id = NULL
      WHERE reward_id = held.reward_id AND piece_no = held.piece_no AND redemption_id = held.redemption_id;
  ELSIF held.slot IS NOT NULL THEN
    UPDATE reward_stock SET remaining = remaining + 1 WHERE reward_id = held.reward_id AND slot = held.slot;
  END IF;
  RETURN back_points - 'available';
END $$;

-- The pick-ups of a gift that was opened; asked again, the same ones. {memberId, givenId, giftId, at} → [{redemptionId, title, pickupBy}]
CREATE OR REPLACE FUNCTION mall_place_gift(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  wish record;
  item reward;
BEGIN
  FOR wish IN SELECT value, ordinality AS n FROM gift, jsonb_array_elements(pickups) WITH ORDINALITY
      WHERE gift_id = call->>'giftId' ORDER BY value->>'rewardId', ordinality LOOP
    SELECT * INTO item FROM reward WHERE reward_id = wish.value->>'rewardId';
    IF FOUND AND ledger_claim(call || jsonb_build_object('kind', 'gift', 'sourceId', call->'givenId'), 'pickup:' || wish.n) THEN
      PERFORM mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', uuid_v7((call->>'at')::timestamptz),
        'at', call->'at', 'origin', 'gift', 'givenId', call->'givenId', 'points', 0, 'days', wish.value->'days'));
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('redemptionId', redemption_id, 'title', title, 'pickupBy', iso_text(pickup_by))
      ORDER BY redemption_id), '[]') FROM redemption WHERE member_id = member AND given_id = (call->>'givenId')::uuid);
END $$;

-- Codes of what is over, after a day in which they still say so. {before} → {forgotten}
CREATE OR REPLACE FUNCTION mall_forget_codes(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM pickup_code c USING redemption r
    WHERE r.member_id = c.member_id AND r.redemption_id = c.redemption_id
      AND r.finished_at < (call->>'before')::timestamptz RETURNING 1)
  SELECT jsonb_build_object('forgotten', count(*)) FROM gone
$$;

-- Redemptions, codes, pieces, shares of limits and favourites go along; an excess leaves nothing more to take. What is left of a gift
-- that turned out to be a person's second one is cancelled. {from, to, at}
CREATE OR REPLACE FUNCTION mall_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  second redemption;
BEGIN
  UPDATE redemption SET member_id = dst WHERE member_id = src;
  UPDATE pickup_code SET member_id = dst WHERE member_id = src;
  INSERT INTO reward_quota (member_id, reward_id, taken)
    SELECT dst, reward_id, taken FROM reward_quota WHERE member_id = src
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + excluded.taken;
  DELETE FROM reward_quota WHERE member_id = src;
  UPDATE reward_piece p SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND r.piece_no IS NOT NULL AND p.reward_id = r.reward_id AND p.piece_no = r.piece_no AND p.member_id = src;
  UPDATE reward_code c SET member_id = dst FROM redemption r
    WHERE r.member_id = dst AND c.redemption_id = r.redemption_id AND c.member_id = src;
  INSERT INTO reward_favourite AS own (member_id, reward_id, at)
    SELECT dst, reward_id, at FROM reward_favourite WHERE member_id = src
    ON CONFLICT (member_id, reward_id) DO UPDATE SET at = least(own.at, excluded.at);
  DELETE FROM reward_favourite WHERE member_id = src;
  FOR second IN SELECT r.* FROM redemption r JOIN gift_given g USING (member_id, given_id)
      WHERE r.member_id = dst AND r.state IN ('placed', 'ready') AND g.state = 'superseded' ORDER BY r.reward_id, r.slot LOOP
    PERFORM mall_undo(second, call || '{"cancelReason": "gift_superseded"}');
  END LOOP;
  RETURN '{}';
END $$;

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

-- The wanted rewards in the order given, with what one reader has to do with them.
CREATE OR REPLACE FUNCTION mall_shelf(me uuid, wanted text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(json_build_object('rewardId', r.reward_id, 'title', r.title, 'subtitle', r.subtitle,
      'art', r.art, 'keywords', r.keywords, 'kind', r.kind, 'points', r.points, 'marketFen', r.market_fen, 'tierGate', r.tier_gate,
      'perPersonLimit', r.per_person_limit, 'stockTotal', r.stock_total, 'left', mall_left(r), 'numbered', r.numbered,
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

-- The exchange of the points mall. Protects: I-M1 (a slot, a piece or a code is taken by the write that decides, CHECKs and
-- keys behind it), I-M2 (points and redemption in one statement), I-R1 (who comes early uses a right), I-L5 (request, effect).
-- The rules are those of shared/src/mall.ts; a test asks both.

-- Exchanges points for a reward. {request, memberId, redemptionId, rewardId, points, at} → {redemption, pointsAfter}
-- Refuses NOT_FOUND, REWARD_CHANGED, REWARD_OVER, REWARD_NOT_OPEN, RIGHT_USED_UP, TIER_NEEDED, REWARD_LIMIT,
-- REWARD_GONE, IN_DEBT, POINTS_SHORT, BUSY.
CREATE OR REPLACE FUNCTION mall_exchange(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  item reward;
  used_right jsonb;
  spent jsonb;
  placed redemption;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO item FROM reward WHERE reward_id = call->>'rewardId' AND listed;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "reward"}'); END IF;
  used_right := mall_let_in(member, item, call);
  spent := ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'redemption',
    'sourceId', call->'redemptionId', 'points', item.points, 'reason', 'exchange',
    'detail', jsonb_build_object('title', item.title)));
  placed := mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', call->'redemptionId', 'at', call->'at',
    'origin', 'mall', 'points', item.points) || used_right);
  RETURN request_end(call->'request', jsonb_build_object(
    'redemption', mall_row(placed, item), 'pointsAfter', spent->'available'));
END $$;

-- Whether this member may have this reward now, and takes their share of the limit. The member is held.
-- → {rightId, rightPeriod} of the right that was used to come early, else {}
CREATE OR REPLACE FUNCTION mall_let_in(member uuid, item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  used_right jsonb := '{}';
BEGIN
  IF item.points <> (call->>'points')::int THEN
    PERFORM refuse('REWARD_CHANGED', jsonb_build_object('points', item.points));
  END IF;
  IF item.ends_at <= now_at THEN PERFORM refuse('REWARD_OVER'); END IF;
  IF item.public_at > now_at THEN used_right := mall_come_early(member, item, now_at); END IF;
  IF (SELECT tier FROM standing WHERE member_id = member) < item.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', item.tier_gate));
  END IF;
  INSERT INTO reward_quota (member_id, reward_id, taken) VALUES (member, item.reward_id, 1)
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + 1
      WHERE item.per_person_limit IS NULL OR reward_quota.taken < item.per_person_limit;
  IF NOT FOUND THEN PERFORM refuse('REWARD_LIMIT', jsonb_build_object('limit', item.per_person_limit)); END IF;
  -- saves the way to the last slot when everything is gone; the slot itself decides
  IF NOT mall_any_left(item) THEN PERFORM refuse('REWARD_GONE'); END IF;
  RETURN used_right;
END $$;

-- Uses a right of early access once: one without limit first, then the one that reaches least far. → {rightId, rightPeriod}
-- Refuses REWARD_NOT_OPEN, or RIGHT_USED_UP when only rights that are used up would open it by now.
CREATE OR REPLACE FUNCTION mall_come_early(member uuid, item reward, now_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  own record;
  counted text;
  opens_at timestamptz;
  some_left boolean;
  spent boolean;
  back_at timestamptz;
BEGIN
  IF item.early_hours IS NULL THEN
    PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(item.public_at)));
  END IF;
  FOR own IN SELECT * FROM right_held(member, 'early_access', now_at)
      WHERE item.public_at - make_interval(hours => least(hours, item.early_hours)) <= now_at
      ORDER BY limited, hours, place, right_id LOOP
    counted := right_use(member, own.right_id, now_at);
    IF counted IS NOT NULL THEN RETURN jsonb_build_object('rightId', own.right_id, 'rightPeriod', counted); END IF;
  END LOOP;
  SELECT min(usable) FILTER (WHERE in_time), bool_or(in_time AND NOT used_up), bool_or(used_up AND opens <= now_at),
      min(h.back_at) FILTER (WHERE used_up AND opens <= now_at)
    INTO opens_at, some_left, spent, back_at
    FROM (SELECT held.*, usable < item.public_at AND (ends_at IS NULL OR usable < ends_at) AS in_time FROM (
      SELECT r.*, public_from.opens, CASE WHEN NOT r.used_up THEN opens WHEN r.back_at IS NOT NULL THEN greatest(opens, r.back_at) END AS usable
        FROM right_held(member, 'early_access', now_at) r,
          LATERAL (SELECT item.public_at - make_interval(hours => least(r.hours, item.early_hours)) AS opens) public_from) held) h;
  IF spent AND NOT some_left THEN PERFORM refuse('RIGHT_USED_UP', jsonb_build_object('backAt', iso_text(back_at))); END IF;
  PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(coalesce(opens_at, item.public_at))));
END $$;

CREATE OR REPLACE FUNCTION mall_any_left(item reward) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.kind = 'partner_code' THEN
    RETURN EXISTS (SELECT 1 FROM reward_code WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  IF item.stock_total IS NULL THEN RETURN true; END IF;
  IF item.numbered THEN
    RETURN EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = item.reward_id AND remaining > 0);
END $$;

-- Writes a redemption. What many want at once, coupon template and stock, is taken last and held shortest.
-- {memberId, redemptionId, at, origin, points, givenId, days, rightId, rightPeriod}
CREATE OR REPLACE FUNCTION mall_place(item reward, call jsonb) RETURNS redemption
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  ready_at timestamptz := now_at + make_interval(hours => item.prepare_hours);
  pickup_by timestamptz := mall_pickup_by(ready_at, coalesce((call->>'days')::int, item.pickup_days));
  at_once boolean := item.kind IN ('coupon', 'partner_code');
  coupon jsonb;
  gone text := CASE call->>'origin' WHEN 'gift' THEN 'GIFT_GONE' ELSE 'REWARD_GONE' END;
  slot int;
  piece int;
  placed redemption;
BEGIN
  IF at_once THEN
    ready_at := now_at;
    IF item.kind = 'coupon' THEN
      coupon := mall_grant(item, call);
      pickup_by := (coupon->>'expiresAt')::timestamptz;
    END IF;
  ELSIF item.prepare_hours = 0 THEN
    PERFORM mall_draw_code(member, id);
  END IF;
  IF item.kind = 'partner_code' THEN PERFORM mall_take_code(item.reward_id, member, id, gone);
  ELSIF item.numbered THEN piece := mall_take_piece(item.reward_id, member, id, gone);
  ELSIF item.stock_total IS NOT NULL THEN slot := mall_take_slot(item.reward_id, gone);
  END IF;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, given_id, title, points, state, piece_no, slot, coupon_id,
      right_id, right_period, placed_at, ready_at, pickup_by, finished_at)
    VALUES (member, id, item.reward_id, call->>'origin', (call->>'givenId')::uuid, item.title, (call->>'points')::int,
      CASE WHEN at_once THEN 'done' WHEN item.prepare_hours = 0 THEN 'ready' ELSE 'placed' END, piece, slot,
      (coupon->>'couponId')::uuid, call->>'rightId', call->>'rightPeriod', now_at, ready_at, pickup_by, CASE WHEN at_once THEN now_at END) RETURNING * INTO placed;
  RETURN placed;
END $$;

-- The coupon that a reward is. Its template's own limits are the reward's, too.
CREATE OR REPLACE FUNCTION mall_grant(item reward, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  coupon jsonb := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', item.coupon_template_id,
    'at', call->'at', 'kind', 'redemption', 'sourceId', call->'redemptionId'));
BEGIN
  CASE coupon->>'refused'
    WHEN 'COUPON_LIMIT' THEN PERFORM refuse('REWARD_LIMIT', coupon->'detail');
    WHEN 'COUPON_GONE' THEN PERFORM refuse('REWARD_GONE');
    ELSE IF coupon ? 'refused' THEN PERFORM refuse('REWARD_OVER'); END IF;
  END CASE;
  RETURN coupon;
END $$;

-- Until somebody who holds one of the last has gone on. Asking again, never waiting for a row: one that was emptied in the
-- meantime stays locked by whoever looked at it, and two who wait could each hold what the other waits for. Whoever holds it for
-- seconds may be gone without the database's knowledge: asking for ever would use up the connections. Refuses BUSY then.
CREATE OR REPLACE FUNCTION mall_pause(since timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF clock_timestamp() > since + interval '5 seconds' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM pg_sleep(0.001 + random() * 0.003);
END $$;

-- Takes one of a slot that nobody holds, starting anywhere; asks again while all are held. Refuses what `gone` says.
CREATE OR REPLACE FUNCTION mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  start int := floor(random() * 64);
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
      ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = which AND remaining > 0) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = taken;
  RETURN taken;
END $$;

-- Takes the lowest piece that nobody holds, in the same way.
CREATE OR REPLACE FUNCTION mall_take_piece(which text, member uuid, id uuid, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT piece_no INTO taken FROM reward_piece WHERE reward_id = which AND member_id IS NULL
      ORDER BY piece_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_piece SET member_id = member, redemption_id = id WHERE reward_id = which AND piece_no = taken;
  RETURN taken;
END $$;

-- Takes a code of the partner that nobody has, in the same way; sealed it stays.
CREATE OR REPLACE FUNCTION mall_take_code(which text, member uuid, id uuid, gone text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
  since timestamptz := clock_timestamp();
BEGIN
  LOOP
    SELECT code_no INTO taken FROM reward_code WHERE reward_id = which AND member_id IS NULL
      ORDER BY code_no LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN FOUND;
    IF NOT EXISTS (SELECT 1 FROM reward_code WHERE reward_id = which AND member_id IS NULL) THEN PERFORM refuse(gone); END IF;
    PERFORM mall_pause(since);
  END LOOP;
  UPDATE reward_code SET member_id = member, redemption_id = id WHERE reward_id = which AND code_no = taken;
END $$;

-- The last millisecond of the business day, `days` after the one it is ready on.
CREATE OR REPLACE FUNCTION mall_pickup_by(ready_at timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', ready_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond'
$$;

-- A redemption as its owner sees it; the code of the counter only while it can be picked up, that of a partner sealed.
CREATE OR REPLACE FUNCTION mall_row(r redemption, item reward) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  store_name text;
  pickup_code text;
  partner_code text;
  right_title text;
BEGIN
  IF r.store_id IS NOT NULL THEN store_name := (SELECT name FROM store WHERE store_id = r.store_id); END IF;
  IF r.state = 'ready' THEN
    pickup_code := (SELECT code FROM pickup_code c WHERE c.member_id = r.member_id AND c.redemption_id = r.redemption_id);
  END IF;
  IF item.kind = 'partner_code' THEN
    partner_code := (SELECT encode(sealed, 'base64') FROM reward_code c WHERE c.redemption_id = r.redemption_id AND c.member_id = r.member_id);
  END IF;
  IF r.right_id IS NOT NULL THEN right_title := (SELECT title FROM member_right WHERE right_id = r.right_id); END IF;
  RETURN jsonb_build_object('redemptionId', r.redemption_id, 'rewardId', r.reward_id, 'title', r.title, 'art', item.art,
    'kind', item.kind, 'origin', r.origin, 'points', r.points, 'state', r.state, 'cancelReason', r.cancel_reason,
    'pieceNo', r.piece_no, 'stockTotal', item.stock_total, 'placedAt', iso_text(r.placed_at), 'readyAt', iso_text(r.ready_at),
    'pickupBy', iso_text(r.pickup_by), 'finishedAt', iso_text(r.finished_at), 'couponId', r.coupon_id,
    'storeName', store_name, 'pickupCode', pickup_code, 'partnerSealed', partner_code, 'rightTitle', right_title, 'back', r.back);
END $$;

CREATE OR REPLACE FUNCTION mall_shown(owner uuid, id uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT mall_row(r, item) FROM redemption r JOIN reward item USING (reward_id) WHERE r.member_id = owner AND r.redemption_id = id
$$;

-- One redemption of a member, or NULL. {memberId, redemptionId}
CREATE OR REPLACE FUNCTION mall_redemption(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$ SELECT mall_shown((call->>'memberId')::uuid, (call->>'redemptionId')::uuid) $$;

-- A member's redemptions, newest first. {memberId, before, limit} → [redemption]
CREATE OR REPLACE FUNCTION mall_redemptions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(mall_row(page, item) ORDER BY page.redemption_id DESC), '[]') FROM (
    SELECT * FROM redemption WHERE member_id = (call->>'memberId')::uuid
        AND (call->>'before' IS NULL OR redemption_id < (call->>'before')::uuid)
      ORDER BY redemption_id DESC LIMIT (call->>'limit')::int) page JOIN reward item USING (reward_id)
$$;

-- Takes a purchase back, whole or {refundFen} of it: state, points, growth, tier, the handlers of other nouns (its coupon and
-- packet among them) and the audit entry, in one statement. Protects I-P4; the purchase's row decides between two returns.
-- {request, staffId, memberId, orderId, visitId, refundFen?, until, at, windowMonths, warnDays, ladder, along}
-- An order of another store needs the live visit in which it was shown; a clerk is bound to `until`.
CREATE OR REPLACE FUNCTION order_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  back purchase;
  refund int;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  -- an older server beside this one names the window otherwise and knows of no warning
  call := jsonb_build_object('windowMonths', call->'growthMonths', 'warnDays', 30) || call;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  refund := coalesce((call->>'refundFen')::int, back.amount_fen - back.refunded_fen);
  IF refund > back.amount_fen - back.refunded_fen THEN
    PERFORM refuse('RETURN_TOO_MUCH', jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen));
  END IF;
  UPDATE purchase SET refunded_fen = refunded_fen + refund,
      state = CASE WHEN refunded_fen + refund = amount_fen THEN 'returned' ELSE 'settled' END,
      returned_at = CASE WHEN refunded_fen + refund = amount_fen THEN now_at END,
      returned_by = CASE WHEN refunded_fen + refund = amount_fen THEN own.member_id END
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled' RETURNING * INTO back;
  -- what time alone does comes first: an end that has passed is not the return's doing
  PERFORM tier_review(call);
  taken := order_take_back(call, back, refund, own.member_id);
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers((SELECT jsonb_agg(jsonb_set(step, '{args,leftFen}', to_jsonb(back.amount_fen - back.refunded_fen)) ORDER BY nth)
    FROM jsonb_array_elements(call->'along') WITH ORDINALITY one (step, nth)));
  PERFORM order_audit(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', refund,
    'refundedTotalFen', back.refunded_fen, 'leftFen', back.amount_fen - back.refunded_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'coupon', answers->'coupon_return'->'coupon', 'packet', answers->'coupon_return'->'packet',
    'tierBefore', lowered->'before', 'tierAfter', lowered->'after'));
END $$;

-- Takes back what belongs to the amount returned so far, less what earlier returns took: rounded down each time, all of it
-- with the last one, which alone claims the whole effect. Writes the return down. → as ledger_take_back
CREATE OR REPLACE FUNCTION order_take_back(call jsonb, back purchase, refund int, by_staff uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  held jsonb := order_still_held(back, now_at, (call->>'windowMonths')::int);
  whole boolean := back.refunded_fen = back.amount_fen;
  times int;
  points int;
  growth int;
  taken jsonb;
BEGIN
  SELECT count(*), coalesce(sum(r.points), 0), coalesce(sum(r.growth), 0) INTO times, points, growth
    FROM purchase_return r WHERE r.member_id = back.member_id AND r.order_id = back.order_id;
  points := greatest(least(order_share(back.points, back), (held->>'points')::int) - points, 0);
  growth := greatest(least(order_share(back.growth, back), (held->>'growth')::int) - growth, 0);
  taken := ledger_take_back(jsonb_build_object('memberId', back.member_id, 'points', points, 'growth', growth,
    'at', call->'at', 'kind', 'order', 'sourceId', back.order_id, 'part', CASE WHEN whole THEN 'take_back' ELSE 'take_back:' || times + 1 END,
    'reason', 'purchase_returned', 'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id),
      'amountFen', refund, 'earnedAt', iso_text(back.settled_at))
      || CASE WHEN whole THEN '{}' ELSE jsonb_build_object('leftFen', back.amount_fen - back.refunded_fen) END));
  INSERT INTO purchase_return (member_id, order_id, nth, amount_fen, points, growth, staff_id, at)
    VALUES (back.member_id, back.order_id, times + 1, refund, points, (taken->>'growth')::int, by_staff, now_at);
  RETURN taken;
END $$;

-- What of an award belongs to the amount returned so far; the same as returnedShare of the rules.
CREATE OR REPLACE FUNCTION order_share(award int, back purchase) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN back.refunded_fen = back.amount_fen THEN award ELSE (award::bigint * back.refunded_fen / back.amount_fen)::int END
$$;

-- What of an order's award has not gone by itself: points that ended with their lot and growth that left the window are not
-- taken a second time. The points may have stood with any record that became this member; whether the growth still counts is
-- told by its day alone. → {points, growth}
CREATE OR REPLACE FUNCTION order_still_held(back purchase, now_at timestamptz, growth_months int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  earners uuid[];
  ended int;
  counts_from timestamptz := tier_counts_from(now_at, growth_months);
BEGIN
  -- brings the lots and the growth up to date first
  PERFORM ledger_hold(back.member_id, now_at);
  PERFORM ledger_settle_growth(jsonb_build_object('memberId', back.member_id, 'at', now_at, 'from', counts_from));
  SELECT array_agg(member_id) INTO earners FROM member WHERE member_id = back.member_id OR merged_into = back.member_id;
  SELECT coalesce(sum(t.amount), 0) INTO ended FROM lot JOIN transfer t USING (member_id, lot_id)
    WHERE lot.member_id = ANY (earners) AND t.reason = 'expired' AND lot.origin_lot_id IN (SELECT own.origin_lot_id FROM lot own
      WHERE own.member_id = ANY (earners) AND own.effect_kind = 'order' AND own.effect_source = back.order_id::text);
  RETURN jsonb_build_object('points', back.points - ended, 'growth', CASE WHEN back.settled_at < counts_from THEN 0 ELSE back.growth END);
END $$;

CREATE OR REPLACE FUNCTION order_audit(call jsonb, own staff, verb text, subject text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', verb, 'subject', subject, 'bodyHash', call->'request'->>'bodyHash'));
END $$;

-- Fixes a quoted price and keeps its coupon aside; the conditional write of coupon_hold decides between two tills.
-- {request, staffId, memberId, visitId, holdId, fullFen, payableFen, couponId, tier, receipt, fault, at, expiresAt}
-- `fault` is what the rule has against it; `tier` is what the rule saw. BUSY when that is no longer so: the caller asks again.
CREATE OR REPLACE FUNCTION order_hold(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' AND call->>'couponId' IS NOT NULL THEN PERFORM refuse('CODE_NEEDED'); END IF;
  PERFORM order_release_over(member, now_at);
  IF call->>'couponId' IS NOT NULL THEN
    PERFORM coupon_hold(jsonb_build_object('memberId', member, 'couponId', call->'couponId', 'holdId', call->'holdId',
      'at', call->'at', 'heldUntil', call->'expiresAt'));
  END IF;
  IF jsonb_typeof(call->'fault') = 'object' THEN PERFORM refuse(call->'fault'->>'code', call->'fault'->'detail'); END IF;
  IF NOT EXISTS (SELECT 1 FROM standing WHERE member_id = member AND tier = (call->>'tier')::int) THEN PERFORM refuse('BUSY'); END IF;
  INSERT INTO order_hold (member_id, hold_id, visit_id, store_id, till_id, staff_id, full_fen, payable_fen, receipt, coupon_id, state, held_at, expires_at)
    VALUES (member, (call->>'holdId')::uuid, stay.visit_id, own.store_id, stay.till_id, own.member_id, (call->>'fullFen')::int,
            (call->>'payableFen')::int, call->'receipt', (call->>'couponId')::uuid, 'live', now_at, (call->>'expiresAt')::timestamptz);
  PERFORM order_audit(call, own, 'order.hold', call->>'holdId');
  RETURN request_end(call->'request', jsonb_build_object('holdId', call->'holdId', 'fullFen', call->'fullFen',
    'payableFen', call->'payableFen', 'couponId', call->'couponId', 'receipt', call->'receipt', 'expiresAt', call->'expiresAt'));
END $$;

-- Gives a hold up, whether or not its visit is over. {request, staffId, memberId, visitId, holdId, at} → {released}
CREATE OR REPLACE FUNCTION order_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  own staff;
  kept order_hold;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  PERFORM visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  SELECT * INTO kept FROM order_hold WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
    AND visit_id = (call->>'visitId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  IF kept.state = 'live' THEN
    UPDATE order_hold SET state = 'released' WHERE member_id = member AND hold_id = kept.hold_id;
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'at', call->'at'));
    PERFORM order_audit(call, own, 'order.release', call->>'holdId');
  END IF;
  RETURN request_end(call->'request', jsonb_build_object('released', kept.state <> 'settled'));
END $$;

-- Gives up what a member's holds keep aside beyond their time. → how many
CREATE OR REPLACE FUNCTION order_release_over(member uuid, now_at timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  given_up uuid;
  released int := 0;
BEGIN
  FOR given_up IN UPDATE order_hold SET state = 'released'
      WHERE member_id = member AND state = 'live' AND expires_at <= now_at RETURNING hold_id LOOP
    PERFORM coupon_release(jsonb_build_object('memberId', member, 'holdId', given_up, 'at', now_at));
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

-- {memberId, at} → {released}
CREATE OR REPLACE FUNCTION order_release_due(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM member_hold((call->>'memberId')::uuid);
  RETURN jsonb_build_object('released', order_release_over((call->>'memberId')::uuid, (call->>'at')::timestamptz));
END $$;

-- Takes a paid amount into account: the order, its points and growth, the tier, the coupon of its hold, the handlers of
-- other nouns and the audit entry, in one statement. Protects I-L5 (request, effect, the hold's state) and I-L1…I-L3 through
-- ledger_award. What has been paid does not fail for its coupon: a live hold has it.
-- {request, staffId, memberId, visitId, holdId?, orderId, orderNo, amountFen, points, growth, at, activeAt, expiresAt,
--  validUntil, ladder, along}
CREATE OR REPLACE FUNCTION order_settle(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  stay visit;
  kept order_hold;
  made purchase;
  store_name text;
  earned jsonb;
  raised jsonb;
  packet jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  stay := visit_in_store(member, (call->>'visitId')::uuid, own.store_id);
  IF call->>'holdId' IS NOT NULL THEN
    UPDATE order_hold SET state = 'settled' WHERE member_id = member AND hold_id = (call->>'holdId')::uuid
      AND visit_id = stay.visit_id AND payable_fen = (call->>'amountFen')::int AND state = 'live' AND expires_at > now_at
      RETURNING * INTO kept;
    IF NOT FOUND THEN PERFORM refuse('HOLD_OVER'); END IF;
  ELSIF stay.expires_at <= now_at THEN
    PERFORM refuse('VISIT_OVER');
  END IF;

  INSERT INTO purchase (member_id, order_id, order_no, visit_id, store_id, till_id, staff_id, channel, full_fen, amount_fen, points, growth,
                        settled_at, receipt, hold_id)
    VALUES (member, (call->>'orderId')::uuid, call->>'orderNo', stay.visit_id, own.store_id, stay.till_id, own.member_id,
            'counter', coalesce(kept.full_fen, (call->>'amountFen')::int), (call->>'amountFen')::int, (call->>'points')::int,
            (call->>'growth')::int, now_at, kept.receipt, kept.hold_id) RETURNING * INTO made;
  SELECT name INTO store_name FROM store WHERE store_id = own.store_id;
  earned := ledger_award(call || jsonb_build_object('kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase',
    'detail', jsonb_build_object('storeName', store_name, 'amountFen', call->'amountFen', 'activeAt', call->'activeAt',
                                 'expiresAt', call->'expiresAt')));
  raised := tier_raise(call || jsonb_build_object('growth', earned->'growth'));
  IF kept.coupon_id IS NOT NULL THEN
    PERFORM coupon_use(jsonb_build_object('memberId', member, 'holdId', kept.hold_id, 'orderId', made.order_id, 'at', call->'at'));
  END IF;
  packet := run_handlers(call->'along')->'coupon_grant';
  PERFORM order_audit(call, own, 'order.settle', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object(
    'orderId', call->'orderId', 'orderNo', call->'orderNo', 'fullFen', made.full_fen, 'amountFen', call->'amountFen',
    'points', call->'points', 'growth', call->'growth', 'activeAt', call->'activeAt', 'settledAt', call->'at',
    'pointsAfter', jsonb_build_object('available', earned->'available', 'pending', earned->'pending'),
    'tierBefore', raised->'before', 'tierAfter', raised->'after',
    'packet', CASE WHEN packet ? 'couponId' THEN jsonb_build_object('title', packet->'title', 'expiresAt', packet->'expiresAt') END));
END $$;

-- What a store took between two instants and kept; of what came back in part, the rest. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen - refunded_fen), 0),
      'points', coalesce(sum(points - order_share(points, purchase)), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId' AND state = 'settled'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE purchase SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  UPDATE purchase_return SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  UPDATE order_hold SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- Whether somebody bought something (and kept it) within {days} days before {until}; who did is not new.
CREATE OR REPLACE FUNCTION order_bought_before(who uuid, until timestamptz, days int) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM purchase WHERE member_id = who AND state = 'settled'
    AND settled_at < until AND settled_at >= until - make_interval(days => days))
$$;

-- Bringing a friend along. Protects: I-F1 (a unique index: one inviter), I-F2 (cap and budget are taken by conditional
-- writes), I-F3 (no self, no cycle), I-F4 (a return ends what is held and takes back what was paid).

-- The short code that leads to a member for ever: the one there is, or a new one. {memberId, at} → {code}
CREATE OR REPLACE FUNCTION referral_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  own text := referral_code_of(who);
  chance bytea;
BEGIN
  IF own IS NULL THEN
    PERFORM member_hold(who);
    own := referral_code_of(who);
  END IF;
  WHILE own IS NULL LOOP
    chance := uuid_send(gen_random_uuid());
    -- bytes 6 and 8 of a UUID are not chance
    SELECT string_agg(substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', get_byte(chance, at) % 62 + 1, 1), '')
      INTO own FROM unnest(ARRAY[0, 1, 2, 3, 4, 5, 10, 11]) at;
    INSERT INTO referral_link (code, member_id, created_at) VALUES (own, who, (call->>'at')::timestamptz) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN own := NULL; END IF;
  END LOOP;
  RETURN jsonb_build_object('code', own);
END $$;

CREATE OR REPLACE FUNCTION referral_code_of(who uuid) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT code FROM referral_link WHERE member_id = who ORDER BY created_at, code LIMIT 1 $$;

-- Lays the edge between somebody who joins for the first time and the owner of the link they came by. No edge where the
-- link is unknown, nothing runs, or the person is not new: bought before, or is above the inviter already.
-- {memberId, at, link, newAfterDays} → {referralId} or NULL
CREATE OR REPLACE FUNCTION referral_attribute(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  edge uuid := uuid_v7(now_at);
  campaign text;
  inviter uuid;
  owner member;
BEGIN
  SELECT member_id INTO inviter FROM referral_link WHERE code = call->>'link';
  LOOP
    -- a merge under way is waited for, and its survivor is the inviter; a later one waits and takes the edge along
    SELECT * INTO owner FROM member WHERE member_id = inviter FOR KEY SHARE;
    EXIT WHEN owner.merged_into IS NULL;
    inviter := owner.merged_into;
  END LOOP;
  IF owner.status IS DISTINCT FROM 'active' OR inviter = who OR EXISTS (SELECT 1 FROM referral_above(inviter) up WHERE up.inviter_id = who) THEN
    RETURN NULL;
  END IF;
  IF coalesce(member_new_since(who) < now_at, true) OR order_bought_before(who, now_at, (call->>'newAfterDays')::int) THEN
    RETURN NULL;
  END IF;
  SELECT campaign_id INTO campaign FROM referral_campaign
    WHERE starts_at <= now_at AND (ends_at IS NULL OR ends_at > now_at) AND (stopped_at IS NULL OR stopped_at > now_at)
    ORDER BY starts_at DESC, campaign_id LIMIT 1;
  IF campaign IS NULL THEN RETURN NULL; END IF;
  INSERT INTO referral (member_id, referral_id, inviter_id, code, campaign_id, state, joined_at)
    VALUES (who, edge, inviter, call->>'link', campaign, 'joined', now_at) ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN jsonb_build_object('referralId', edge) END;
END $$;

-- The edges from a member up to whoever was brought by nobody; ends where it began, if it does.
CREATE OR REPLACE FUNCTION referral_above(start uuid) RETURNS SETOF referral
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up AS (
    SELECT r.member_id, r.referral_id, r.inviter_id, 1 AS depth FROM referral r WHERE r.member_id = start AND r.state <> 'void'
    UNION ALL
    SELECT r.member_id, r.referral_id, r.inviter_id, up.depth + 1 FROM up JOIN referral r ON r.member_id = up.inviter_id
      WHERE r.state <> 'void' AND up.inviter_id <> start AND up.depth < 1000
  )
  SELECT r.* FROM up JOIN referral r USING (member_id, referral_id)
$$;

-- The friend's first purchase that is large enough: a place under the inviter's cap and the points out of the budget are
-- taken by conditional writes (I-F2), the campaign's row last; or it is written down why not.
-- {memberId, orderId, amountFen, at} → {referralId, state} or NULL when there is nothing to decide
CREATE OR REPLACE FUNCTION referral_on_order(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  edge referral;
  camp referral_campaign;
  why text;
BEGIN
  SELECT * INTO edge FROM referral WHERE member_id = (call->>'memberId')::uuid AND state = 'joined' FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO camp FROM referral_campaign WHERE campaign_id = edge.campaign_id;
  IF (call->>'amountFen')::int < camp.min_order_fen THEN RETURN NULL; END IF;
  IF camp.ends_at <= now_at THEN why := 'over'; ELSE why := referral_reserve(edge.inviter_id, camp, now_at); END IF;
  UPDATE referral SET order_id = (call->>'orderId')::uuid, reason = why,
      state = CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END,
      points = CASE WHEN why IS NULL THEN camp.reward_points ELSE 0 END,
      held_at = CASE WHEN why IS NULL THEN now_at END,
      release_at = CASE WHEN why IS NULL THEN
        (date_trunc('day', now_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => camp.hold_days + 1)) AT TIME ZONE 'Asia/Shanghai' END,
      settled_at = CASE WHEN why IS NOT NULL THEN now_at END
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  RETURN jsonb_build_object('referralId', edge.referral_id, 'state', CASE WHEN why IS NULL THEN 'held' ELSE 'refused' END);
END $$;

-- Reserves one reward, or says why not: cap | budget | stopped.
CREATE OR REPLACE FUNCTION referral_reserve(inviter uuid, camp referral_campaign, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  stopped timestamptz := camp.stopped_at;
BEGIN
  IF stopped <= now_at THEN RETURN 'stopped'; END IF;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken) VALUES (inviter, camp.campaign_id, 1)
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + 1 WHERE own.taken < camp.per_inviter_cap;
  IF NOT FOUND THEN RETURN 'cap'; END IF;
  UPDATE referral_campaign SET spent_points = spent_points + camp.reward_points
    WHERE campaign_id = camp.campaign_id AND spent_points + camp.reward_points <= budget_points
      AND (stopped_at IS NULL OR stopped_at > now_at);
  IF FOUND THEN RETURN NULL; END IF;
  UPDATE referral_quota SET taken = taken - 1 WHERE member_id = inviter AND campaign_id = camp.campaign_id;
  SELECT stopped_at INTO stopped FROM referral_campaign WHERE campaign_id = camp.campaign_id;
  RETURN CASE WHEN stopped <= now_at THEN 'stopped' ELSE 'budget' END;
END $$;

-- Ends an edge that came to nothing. What was only promised returns to the cap and the budget; of what was paid, {take}
-- points are taken back, and neither cap nor budget get them again: buying and returning must not refill them.
CREATE OR REPLACE FUNCTION referral_end(edge referral, next_state text, why text, take int, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
BEGIN
  UPDATE referral SET state = next_state, reason = why, settled_at = now_at, clawed_back = take > 0
    WHERE member_id = edge.member_id AND referral_id = edge.referral_id;
  IF take > 0 THEN
    PERFORM ledger_take_back(jsonb_build_object('memberId', holder, 'at', now_at, 'kind', 'referral', 'sourceId', edge.referral_id,
      'points', take, 'growth', 0, 'earnedAt', edge.settled_at, 'reason', 'referral_returned', 'detail', '{}'::jsonb));
  END IF;
  IF edge.state = 'held' THEN
    UPDATE referral_quota SET taken = taken - 1 WHERE member_id = edge.inviter_id AND campaign_id = edge.campaign_id AND taken > 0;
    UPDATE referral_campaign SET spent_points = spent_points - edge.points WHERE campaign_id = edge.campaign_id;
  END IF;
END $$;

-- The friend's purchase was taken back (I-F4): what is held ends, what was paid is taken back, into debt if it is spent. A part
-- that came back matters once what is left would not have been enough. {memberId, orderId, at, leftFen?} → {referralId, takenBack} or NULL
CREATE OR REPLACE FUNCTION referral_on_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  bought uuid := (call->>'orderId')::uuid;
  inviter uuid;
  edge referral;
  take int;
BEGIN
  SELECT inviter_id INTO inviter FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released');
  IF NOT FOUND THEN RETURN NULL; END IF;
  -- the inviter before the edge, as the release does
  PERFORM 1 FROM member WHERE member_id = inviter FOR NO KEY UPDATE;
  SELECT * INTO edge FROM referral WHERE member_id = who AND order_id = bought AND state IN ('held', 'released') FOR UPDATE;
  IF edge.inviter_id IS DISTINCT FROM inviter THEN PERFORM refuse('BUSY'); END IF;
  IF (call->>'leftFen')::int > 0 AND (call->>'leftFen')::int >= (SELECT min_order_fen FROM referral_campaign c
    WHERE c.campaign_id = edge.campaign_id) THEN RETURN NULL; END IF;
  take := CASE WHEN edge.state = 'released' THEN edge.points ELSE 0 END;
  PERFORM referral_end(edge, 'refused', 'purchase_returned', take, (call->>'at')::timestamptz);
  RETURN jsonb_build_object('referralId', edge.referral_id, 'takenBack', take);
END $$;

-- Pays one held reward whose day has come, and tells the inviter who allows it. An inviter who is busy just now is left
-- for the next run. {memberId, referralId, at, expiresAt, friend} → {released}
CREATE OR REPLACE FUNCTION referral_release(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'referralId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  inviter uuid := (SELECT inviter_id FROM referral WHERE member_id = who AND referral_id = id AND state = 'held' AND release_at <= now_at);
  edge referral;
BEGIN
  PERFORM 1 FROM member WHERE member_id = inviter AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  UPDATE referral SET state = 'released', settled_at = now_at
    WHERE member_id = who AND referral_id = id AND inviter_id = inviter AND state = 'held' AND release_at <= now_at RETURNING * INTO edge;
  IF NOT FOUND THEN RETURN '{"released": false}'; END IF;
  PERFORM ledger_award(jsonb_build_object('memberId', inviter, 'at', now_at, 'kind', 'referral', 'sourceId', id,
    'points', edge.points, 'growth', 0, 'activeAt', now_at, 'expiresAt', call->'expiresAt', 'reason', 'referral', 'detail', '{}'::jsonb));
  PERFORM outbox_put(jsonb_build_object('memberId', inviter, 'template', 'reward_released', 'at', now_at, 'ifAllowed', true,
    'payload', jsonb_build_object('points', edge.points, 'friend', call->'friend', 'at', call->'at')));
  RETURN '{"released": true}';
END $$;

-- Two records are one person: links, edges and places under the cap go along. Nobody has brought oneself (I-F3), the earliest
-- inviter stays (I-F1), and who turns out to have been here before is no new friend. {from, to, at, newAfterDays}
CREATE OR REPLACE FUNCTION referral_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  edge referral;
BEGIN
  UPDATE referral_link SET member_id = dst WHERE member_id = src;
  PERFORM 1 FROM referral WHERE member_id IN (src, dst) OR inviter_id IN (src, dst) ORDER BY member_id, referral_id FOR UPDATE;
  IF NOT FOUND THEN RETURN '{}'; END IF;
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) AND inviter_id IN (src, dst) LOOP
    PERFORM referral_void(edge, 'same_person', now_at);
  END LOOP;
  FOR edge IN SELECT * FROM referral WHERE state <> 'void' AND member_id IN (src, dst) ORDER BY joined_at, referral_id OFFSET 1 LOOP
    -- both by the same friend's link: that friend simply brought one person
    PERFORM referral_void(edge, CASE WHEN EXISTS (SELECT 1 FROM referral first WHERE first.member_id IN (src, dst) AND first.state <> 'void'
      AND first.inviter_id = edge.inviter_id AND first.referral_id <> edge.referral_id) THEN 'same_person' ELSE 'other_inviter' END, now_at);
  END LOOP;
  UPDATE referral SET member_id = dst WHERE member_id = src;
  UPDATE referral SET inviter_id = dst WHERE inviter_id = src;
  INSERT INTO referral_quota AS own (member_id, campaign_id, taken)
    SELECT dst, campaign_id, taken FROM referral_quota WHERE member_id = src
    ON CONFLICT (member_id, campaign_id) DO UPDATE SET taken = own.taken + excluded.taken;
  DELETE FROM referral_quota WHERE member_id = src;
  PERFORM referral_cut_cycle(dst, now_at);
  FOR edge IN SELECT * FROM referral WHERE member_id = dst AND state IN ('joined', 'held') LOOP
    IF member_new_since(dst) < edge.joined_at OR order_bought_before(dst, edge.joined_at, (call->>'newAfterDays')::int) THEN
      PERFORM referral_end(edge, 'refused', 'not_new', 0, now_at);
    END IF;
  END LOOP;
  PERFORM referral_take_back(jsonb_build_object('memberId', dst, 'at', now_at));
  RETURN '{}';
END $$;

-- The edge was none: what was paid for it is taken back as far as it is unspent.
CREATE OR REPLACE FUNCTION referral_void(edge referral, why text, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  holder uuid := (SELECT coalesce(m.merged_into, m.member_id) FROM member m WHERE m.member_id = edge.inviter_id);
  unspent int := 0;
BEGIN
  IF edge.state = 'released' THEN
    PERFORM ledger_hold(holder, now_at);
    SELECT coalesce(sum(remaining), 0) INTO unspent FROM lot
      WHERE member_id = holder AND effect_kind = 'referral' AND effect_source = edge.referral_id::text;
  END IF;
  PERFORM referral_end(edge, 'void', why, unspent, now_at);
  PERFORM referral_take_back(jsonb_build_object('memberId', holder, 'at', now_at));
END $$;

-- What came back of a void edge’s reward, as an exchange that it had paid for was undone. {memberId, at}
CREATE OR REPLACE FUNCTION referral_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state = 'void') THEN RETURN; END IF;
  PERFORM ledger_take_lot(call || jsonb_build_object('kind', 'referral', 'sourceId', edge.referral_id, 'originLotId', paid.lot_id,
      'reason', 'referral_returned', 'detail', '{}'::jsonb))
    FROM referral edge JOIN lot paid ON paid.effect_kind = 'referral' AND paid.effect_source = edge.referral_id::text
    WHERE edge.inviter_id = who AND edge.state = 'void' AND paid.lot_id = paid.origin_lot_id
      AND paid.member_id IN (SELECT member_id FROM member WHERE member_id = who OR merged_into = who);
END $$;

-- Brought somebody who, as it turns out, brought them: the latest edge of the ring is none (I-F3). Rings are cut one after
-- the other, or two merges at once could each close half of one.
CREATE OR REPLACE FUNCTION referral_cut_cycle(who uuid, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  edge referral;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM referral WHERE member_id = who AND state <> 'void')
    OR NOT EXISTS (SELECT 1 FROM referral WHERE inviter_id = who AND state <> 'void') THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('referral_cut_cycle', 0));
  IF EXISTS (SELECT 1 FROM referral_above(who) up WHERE up.inviter_id = who) THEN
    SELECT * INTO edge FROM referral_above(who) ORDER BY joined_at DESC, referral_id DESC LIMIT 1;
    -- as it stands when nobody else writes it: somebody may just be buying for it
    SELECT * INTO edge FROM referral WHERE member_id = edge.member_id AND referral_id = edge.referral_id FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    PERFORM referral_void(edge, 'same_person', now_at);
  END IF;
END $$;

-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer, whoever sends it; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered. What a record had sent before it
-- was merged is the survivor's: a phone renews its tokens after the merge and asks again as the survivor.

CREATE OR REPLACE FUNCTION refuse(code text, detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'HY001', MESSAGE = code, DETAIL = detail::text;
END $$;

-- The stored answer of this command, or NULL when it has not run yet (and is now ours to run).
CREATE OR REPLACE FUNCTION request_begin(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  found_hash text;
  found_answer jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended((call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
  IF found_hash IS NULL AND call->>'actor' LIKE 'm:%'
      AND EXISTS (SELECT 1 FROM member WHERE merged_into = substr(call->>'actor', 3)::uuid) THEN
    SELECT r.body_hash, r.answer INTO found_hash, found_answer
      FROM member was JOIN request r ON r.actor = 'm:' || was.member_id AND r.verb = call->>'verb'
        AND r.request_id = (call->>'requestId')::uuid
      WHERE was.merged_into = substr(call->>'actor', 3)::uuid LIMIT 1;
  END IF;
  IF found_hash IS NOT NULL AND found_hash <> call->>'bodyHash' THEN
    PERFORM refuse('REQUEST_REUSED');
  END IF;
  RETURN found_answer;
END $$;

CREATE OR REPLACE FUNCTION request_end(call jsonb, result jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO request (actor, verb, request_id, body_hash, answer, at)
    VALUES (call->>'actor', call->>'verb', (call->>'requestId')::uuid, call->>'bodyHash', result,
            (call->>'at')::timestamptz);
  RETURN result;
END $$;

-- UUIDv7 (RFC 9562 §5.7) at a given instant, so that ids sort by time also under a held clock.
CREATE OR REPLACE FUNCTION uuid_v7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- An instant as it travels: UTC with milliseconds, as JavaScript writes it.
CREATE OR REPLACE FUNCTION iso_text(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

CREATE OR REPLACE FUNCTION request_end_of(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$ SELECT request_end(call->'command', call->'answer') $$;

-- Rights of members. Protects I-R1: no use beyond the quota of a period. The conditional write decides; verbs of one member
-- come one after the other (member_hold). The rules are those of shared/src/right.ts; a test asks both.

-- Under which key a use is counted, by the brand's calendar.
CREATE OR REPLACE FUNCTION right_period_key(period text, now_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(now_at AT TIME ZONE 'Asia/Shanghai',
    CASE period WHEN 'day' THEN 'YYYY-MM-DD' WHEN 'month' THEN 'YYYY-MM' WHEN 'year' THEN 'YYYY' ELSE '"once"' END)
$$;

-- When the next period begins; NULL when there is none.
CREATE OR REPLACE FUNCTION right_back_at(period text, now_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN period IN ('day', 'month', 'year') THEN
    (date_trunc(period, now_at AT TIME ZONE 'Asia/Shanghai') + ('1 ' || period)::interval) AT TIME ZONE 'Asia/Shanghai' END
$$;

-- Every right that runs, in order; the same for everybody.
CREATE OR REPLACE FUNCTION right_rows(now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(json_build_object('rightId', r.right_id, 'kind', r.kind, 'title', r.title, 'words', r.words,
      'tierFrom', r.tier_from, 'honourId', r.honour_id, 'honourName', h.name, 'quota', r.quota, 'period', r.period,
      'hours', (r.payload->>'hours')::int, 'startsAt', iso_text(r.starts_at), 'endsAt', iso_text(r.ends_at))
    ORDER BY r.position, r.right_id), '[]')
  FROM member_right r LEFT JOIN honour h USING (honour_id)
  WHERE r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
$$;

-- What decides the state of rights for one member: honours that are worn, and uses of the periods that run.
-- → {honours: [id], uses: [{rightId, periodKey, used}]}
CREATE OR REPLACE FUNCTION right_own(me uuid, now_at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'honours', (SELECT coalesce(json_agg(honour_id), '[]') FROM honour_held
      WHERE member_id = me AND (expires_at IS NULL OR expires_at > now_at)),
    'uses', (SELECT coalesce(json_agg(json_build_object('rightId', u.right_id, 'periodKey', u.period_key, 'used', u.used)), '[]')
      FROM right_use u JOIN member_right r USING (right_id)
      WHERE u.member_id = me AND u.period_key = right_period_key(r.period, now_at)))
$$;

-- {memberId, at} → {tier, rights, own}
CREATE OR REPLACE FUNCTION right_show(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object('tier', (SELECT tier FROM standing WHERE member_id = me),
    'rights', right_rows(now_at), 'own', right_own(me, now_at));
END $$;

-- The rights of a kind that a member has now, used up or not: by tier or by an honour that is worn.
CREATE OR REPLACE FUNCTION right_held(member uuid, which text, now_at timestamptz)
RETURNS TABLE (right_id text, hours int, limited boolean, used_up boolean, back_at timestamptz, ends_at timestamptz, place smallint)
LANGUAGE sql STABLE AS $$
  SELECT r.right_id, (r.payload->>'hours')::int, r.quota IS NOT NULL, coalesce(u.used >= r.quota, false),
      right_back_at(r.period, now_at), r.ends_at, r.position
    FROM member_right r LEFT JOIN right_use u
      ON u.member_id = member AND u.right_id = r.right_id AND u.period_key = right_period_key(r.period, now_at)
    WHERE r.kind = which AND r.starts_at <= now_at AND (r.ends_at IS NULL OR r.ends_at > now_at)
      AND (r.tier_from <= (SELECT tier FROM standing s WHERE s.member_id = member)
        OR EXISTS (SELECT 1 FROM honour_held h WHERE h.member_id = member AND h.honour_id = r.honour_id
          AND (h.expires_at IS NULL OR h.expires_at > now_at)))
$$;

-- Uses a right once. → the period in which it counts; NULL when nothing of it is left. What has no limit is counted, too.
CREATE OR REPLACE FUNCTION right_use(member uuid, which text, now_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  own member_right;
  counted text;
BEGIN
  SELECT * INTO STRICT own FROM member_right WHERE right_id = which;
  INSERT INTO right_use AS held (member_id, right_id, period_key, used)
    VALUES (member, which, right_period_key(own.period, now_at), 1)
    ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + 1
      WHERE own.quota IS NULL OR held.used < own.quota
    RETURNING period_key INTO counted;
  RETURN counted;
END $$;

-- What a use was for was taken back: it can be used again in the period in which it counted.
CREATE OR REPLACE FUNCTION right_give_back(member uuid, which text, counted text) RETURNS void
LANGUAGE sql AS $$
  UPDATE right_use SET used = greatest(0, used - 1) WHERE member_id = member AND right_id = which AND period_key = counted
$$;

-- Uses add up; an excess stays recorded and leaves nothing to use. {from, to}
CREATE OR REPLACE FUNCTION right_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
BEGIN
  INSERT INTO right_use AS held (member_id, right_id, period_key, used)
    SELECT (call->>'to')::uuid, right_id, period_key, used FROM right_use WHERE member_id = src
    ON CONFLICT (member_id, right_id, period_key) DO UPDATE SET used = held.used + excluded.used;
  DELETE FROM right_use WHERE member_id = src;
  RETURN '{}';
END $$;

-- What time alone does to a tier: growth leaves its window, an end is warned of, and at the end the tier is kept or lands one
-- step lower. One call looks at one member; run again or by two workers at once, it finds nothing due.

-- {memberId, at, …} → {growthExpired, kept, landed, warned}
CREATE OR REPLACE FUNCTION tier_review(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  held standing;
  ended jsonb;
  gone int;
  warned boolean;
BEGIN
  -- a record that was merged away meanwhile is never due again
  PERFORM 1 FROM member m WHERE m.member_id = member AND m.status = 'active' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    UPDATE standing SET review_at = tier_never() WHERE member_id = member;
    RETURN '{"growthExpired": 0, "kept": false, "landed": false, "warned": false}';
  END IF;
  SELECT * INTO held FROM standing WHERE member_id = member AND review_at <= now_at FOR UPDATE;
  IF NOT FOUND THEN RETURN '{"growthExpired": 0, "kept": false, "landed": false, "warned": false}'; END IF;
  ended := tier_end(call, held);
  gone := (ended->>'growthExpired')::int + (ledger_settle_growth(call || jsonb_build_object('from',
    tier_counts_from(now_at, (call->>'windowMonths')::int)))->>'expired')::int;
  warned := tier_warn(call);
  PERFORM tier_plan(call);
  RETURN ended || jsonb_build_object('growthExpired', gone, 'warned', warned);
END $$;

-- The end of a tier's validity. What counts is what counted on its last day, and what came since: nobody is worse off because
-- the review was late. Growth leaves and the change is noted as of that day. → {growthExpired, kept, landed}
CREATE OR REPLACE FUNCTION tier_end(call jsonb, held standing) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  months int := (call->>'windowMonths')::int;
  until timestamptz := held.valid_until;
  takes int := tier_takes(call, held.tier);
  gone jsonb;
  has int;
  after int;
BEGIN
  IF takes = 0 OR until >= (call->>'at')::timestamptz THEN
    RETURN '{"growthExpired": 0, "kept": false, "landed": false}';
  END IF;
  gone := ledger_settle_growth(call || jsonb_build_object('at', until, 'from', tier_counts_from(until, months)));
  SELECT growth INTO has FROM account WHERE member_id = held.member_id;
  after := CASE WHEN has >= takes THEN held.tier ELSE tier_below(call, held.tier) END;
  LOOP
    until := tier_month_end(until, months);
    EXIT WHEN until >= (call->>'at')::timestamptz;
  END LOOP;
  UPDATE standing SET tier = after, valid_until = until, warned_of = NULL,
      since = CASE WHEN after = held.tier THEN since ELSE held.valid_until + interval '1 millisecond' END
    WHERE member_id = held.member_id;
  PERFORM tier_note(held.member_id, held.tier, after, CASE WHEN after = held.tier THEN 'kept' ELSE 'landed' END, has,
    held.valid_until + interval '1 millisecond');
  RETURN jsonb_build_object('growthExpired', gone->'expired', 'kept', after = held.tier, 'landed', after <> held.tier);
END $$;

-- Warns of an end that is near and that the growth of its last day would not survive, once. → whether it did
CREATE OR REPLACE FUNCTION tier_warn(call jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  held standing;
  missing int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = (call->>'memberId')::uuid;
  IF held.warned_of = held.valid_until OR now_at > held.valid_until
      OR now_at < tier_warn_at(held.valid_until, (call->>'warnDays')::int) THEN RETURN false; END IF;
  missing := tier_takes(call, held.tier) - tier_counts_at(held.member_id, held.valid_until, (call->>'windowMonths')::int);
  IF missing <= 0 THEN RETURN false; END IF;
  UPDATE standing SET warned_of = valid_until WHERE member_id = held.member_id;
  PERFORM outbox_put(jsonb_build_object('memberId', held.member_id, 'template', 'tier_ending', 'at', call->'at', 'ifAllowed', true,
    'payload', jsonb_build_object('endsAt', iso_text(held.valid_until), 'needGrowth', missing, 'tierName',
      (SELECT rung->>'name' FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held.tier))));
  RETURN true;
END $$;

-- Writes down when there is next something to look at.
CREATE OR REPLACE FUNCTION tier_plan(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  months int := (call->>'windowMonths')::int;
  held standing;
  oldest timestamptz;
  due timestamptz := tier_never();
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member;
  SELECT min(day) INTO oldest FROM (
    SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' AS day
      FROM ledger_growth_lines(member, tier_counts_from((call->>'at')::timestamptz, months)) GROUP BY 1 HAVING sum(growth) > 0) days;
  IF oldest IS NOT NULL THEN due := tier_growth_leaves(oldest, months); END IF;
  IF tier_takes(call, held.tier) > 0 THEN
    due := least(due, held.valid_until + interval '1 millisecond');
    IF held.warned_of IS DISTINCT FROM held.valid_until
        AND tier_counts_at(member, held.valid_until, months) < tier_takes(call, held.tier) THEN
      due := least(due, tier_warn_at(held.valid_until, (call->>'warnDays')::int));
    END IF;
  END IF;
  UPDATE standing SET review_at = due WHERE member_id = member AND review_at <> due;
END $$;

-- Why somebody has their tier: what counts, from where, and how it came. The figures agree with `from`, whether or not the
-- review has come yet. {memberId, from, endFrom} → {standing, lines, sources, history}
CREATE OR REPLACE FUNCTION tier_explain(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
BEGIN
  RETURN json_build_object(
    'standing', (SELECT json_build_object('tier', tier, 'since', iso_text(since), 'validUntil', iso_text(valid_until))
      FROM standing WHERE member_id = me),
    'days', (SELECT coalesce(json_agg(json_build_object('at', iso_text(day), 'growth', growth) ORDER BY day), '[]') FROM (
      SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' AS day, sum(growth) AS growth
        FROM ledger_growth_lines(me, (call->>'from')::timestamptz) GROUP BY 1 HAVING sum(growth) > 0) days),
    'sources', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT reason, sum(sources) AS count, sum(growth) AS growth FROM ledger_growth_lines(me, (call->>'from')::timestamptz)
        GROUP BY reason HAVING sum(growth) > 0 ORDER BY 3 DESC, 1) own),
    'history', (SELECT coalesce(json_agg(own), '[]') FROM (
      SELECT iso_text(at) AS at, before, after, reason FROM tier_change WHERE member_id = me
        ORDER BY tier_change.at DESC, change_id DESC LIMIT 10) own));
END $$;

CREATE OR REPLACE FUNCTION tier_note(member uuid, before int, after int, reason text, growth int, at timestamptz) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO tier_change (member_id, change_id, before, after, reason, growth, at) VALUES (member, uuid_v7(at), before, after, reason, growth, at)
$$;

-- The ladder: what a tier takes (nothing for one that is not on it), the step below, and what so much growth reaches.
CREATE OR REPLACE FUNCTION tier_takes(call jsonb, held int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(max((rung->>'atGrowth')::int), 0) FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held
$$;

CREATE OR REPLACE FUNCTION tier_of(call jsonb, growth bigint) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(max((rung->>'tier')::int) FILTER (WHERE (rung->>'atGrowth')::int <= growth), min((rung->>'tier')::int))
    FROM jsonb_array_elements(call->'ladder') rung
$$;

CREATE OR REPLACE FUNCTION tier_below(call jsonb, held int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$ SELECT tier_of(call, tier_takes(call, held) - 1) $$;

-- The brand's calendar: growth counts through the same day one window later; a month's last day stands for all that follow it.
CREATE OR REPLACE FUNCTION tier_counts_from(at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', at AT TIME ZONE 'Asia/Shanghai') - make_interval(months => months)) AT TIME ZONE 'Asia/Shanghai'
$$;

CREATE OR REPLACE FUNCTION tier_growth_leaves(earned_at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN extract(day FROM day + interval '1 day') = 1 THEN date_trunc('month', day) + make_interval(months => months + 1)
    ELSE day + make_interval(months => months) + interval '1 day' END AT TIME ZONE 'Asia/Shanghai'
    FROM (SELECT date_trunc('day', earned_at AT TIME ZONE 'Asia/Shanghai') AS day) one
$$;

CREATE OR REPLACE FUNCTION tier_month_end(at timestamptz, months int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('month', at AT TIME ZONE 'Asia/Shanghai') + make_interval(months => months + 1) - interval '1 millisecond')
    AT TIME ZONE 'Asia/Shanghai'
$$;

-- Ten in the morning, so many days before.
CREATE OR REPLACE FUNCTION tier_warn_at(until timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', until AT TIME ZONE 'Asia/Shanghai') - make_interval(days => days) + interval '10 hours') AT TIME ZONE 'Asia/Shanghai'
$$;

-- What counts on a day still to come, when nothing is bought until then.
CREATE OR REPLACE FUNCTION tier_counts_at(member uuid, day timestamptz, months int) RETURNS int
LANGUAGE sql STABLE AS $$ SELECT coalesce(sum(growth), 0)::int FROM ledger_growth_lines(member, tier_counts_from(day, months)) $$;

-- For members of whom nothing is due.
CREATE OR REPLACE FUNCTION tier_never() RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT '9999-12-31T00:00:00Z'::timestamptz $$;

-- Tiers: up at once, down one step at the end of their validity, and with a return that takes away what had reached them.
-- What a call needs to be told of the programme is {ladder: [{tier, name, atGrowth}], windowMonths, warnDays}. The rules stand
-- in shared/src/tier.ts, too; a test asks both and wants the same answers.

-- Up at once, never down for what is missing; what is due by then is looked at first, so that old growth lifts nobody.
-- {memberId, growth, at, validUntil, reason?, …} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  valid timestamptz := (call->>'validUntil')::timestamptz;
  has int := (call->>'growth')::int;
  months int := coalesce((call->>'windowMonths')::int, 12);
  held standing;
  reached int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member;
  IF held.review_at <= now_at AND call ? 'windowMonths' THEN
    PERFORM tier_review(call);
    SELECT * INTO held FROM standing WHERE member_id = member;
    SELECT growth INTO has FROM account WHERE member_id = member;
  END IF;
  SELECT max((rung->>'tier')::int) INTO reached FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= has;
  IF reached > held.tier THEN
    UPDATE standing SET tier = reached, since = now_at, valid_until = valid,
        review_at = least(review_at, tier_growth_leaves(now_at, months), tier_warn_at(valid, coalesce((call->>'warnDays')::int, 30)))
      WHERE member_id = member AND tier < reached;
    PERFORM tier_note(member, held.tier, reached, coalesce(call->>'reason', 'raised'), has, now_at);
  ELSIF has > 0 AND held.review_at > now_at + make_interval(months => months) THEN
    UPDATE standing SET review_at = least(review_at, tier_growth_leaves(now_at, months)) WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', greatest(held.tier, reached));
END $$;

-- A tier that only growth given back since had reached ends with it: what is left is the tier that would be held had that
-- growth never come. Reads the history, but only when a return leaves less than the tier needs.
-- {memberId, growth, at, …} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  deserved := held.tier;
  IF (call->>'growth')::int < tier_takes(call, held.tier) THEN deserved := least(held.tier, tier_deserved(member, call)); END IF;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
    PERFORM tier_note(member, held.tier, deserved, 'returned', (call->>'growth')::int, (call->>'at')::timestamptz);
  END IF;
  IF call ? 'windowMonths' THEN PERFORM tier_plan(call); END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', deserved);
END $$;

-- The tier of somebody who never had what was given back: lifted by what was kept, lowered by the ends of validity as they came,
-- a step further where only what was given back had kept it. A record that was merged brings what it deserved itself.
CREATE OR REPLACE FUNCTION tier_deserved(member uuid, call jsonb) RETURNS int
LANGUAGE plpgsql STABLE AS $$
DECLARE
  one record;
  stood bigint := 0;
  deserved int := tier_of(call, 0);
BEGIN
  FOR one IN
    SELECT k.at, 0 AS nth, sum(k.amount) AS amount, '' AS reason, 0 AS after FROM tier_kept_growth(member) k GROUP BY k.at
    UNION ALL SELECT c.at, 1, 0, c.reason, c.after FROM tier_change c WHERE c.member_id = member
    ORDER BY 1, 2 LOOP
    stood := stood + one.amount;
    IF one.reason = 'kept' AND stood < tier_takes(call, deserved) THEN
      deserved := tier_below(call, deserved);
    ELSIF one.reason = 'landed' THEN
      deserved := least(deserved, one.after);
    ELSIF one.reason = 'merged' THEN
      deserved := greatest(deserved, (SELECT max(tier_deserved(m.member_id, call)) FROM member m WHERE m.merged_into = member));
    END IF;
    deserved := greatest(deserved, tier_of(call, stood));
  END LOOP;
  RETURN deserved;
END $$;

-- What of growth that one source earned has been given back in parts, by whoever its member became.
CREATE OR REPLACE FUNCTION tier_given_back(earned transfer) RETURNS int
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(back.amount), 0)::int FROM transfer back WHERE back.unit = 'growth' AND back.reason = 'purchase_returned'
    AND back.effect_kind = earned.effect_kind AND back.effect_source = earned.effect_source AND back.member_id IN (
      SELECT e.member_id FROM effect e WHERE e.kind = earned.effect_kind AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back:%')
$$;

-- Every change of a member's growth but what was given back, as if it had never come. What other records had earned and this one
-- or whoever it became gave back left with the merge that brought it; an older merge does not say from whom it brought what.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE brought (earner, at) AS (
    SELECT (t.detail->>'from')::uuid, t.at FROM transfer t
      WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from'
    UNION
    SELECT (t.detail->>'from')::uuid, b.at FROM brought b JOIN transfer t ON t.member_id = b.earner
      WHERE t.unit = 'growth' AND t.reason = 'merged_in' AND t.detail ? 'from')
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount - tier_given_back(t) ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT b.at, -back.amount FROM brought b
    JOIN transfer earned ON earned.member_id = b.earner AND earned.unit = 'growth' AND earned.to_account = 'member:growth'
    JOIN LATERAL (SELECT DISTINCT kind, source_id, member_id FROM effect e WHERE e.kind = earned.effect_kind
      AND e.source_id = earned.effect_source AND e.part LIKE 'take\_back%') e ON true
    JOIN transfer back ON back.member_id = e.member_id AND back.unit = 'growth' AND back.reason = 'purchase_returned'
      AND back.effect_kind = e.kind AND back.effect_source = e.source_id
    WHERE e.member_id NOT IN (SELECT earner FROM brought)
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
      AND e.member_id NOT IN (SELECT earner FROM brought)
$$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer. The survivor is due at the
-- sooner of both; the other one never again.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src standing;
  dst standing;
BEGIN
  SELECT * INTO src FROM standing WHERE member_id = (call->>'from')::uuid FOR UPDATE;
  SELECT * INTO dst FROM standing WHERE member_id = (call->>'to')::uuid FOR UPDATE;
  IF (src.tier, src.valid_until) > (dst.tier, dst.valid_until) THEN
    UPDATE standing SET tier = src.tier, since = src.since, valid_until = src.valid_until, warned_of = src.warned_of
      WHERE member_id = dst.member_id;
  END IF;
  IF src.tier > dst.tier THEN
    PERFORM tier_note(dst.member_id, dst.tier, src.tier, 'merged', growth, (call->>'at')::timestamptz)
      FROM account WHERE member_id = dst.member_id;
  END IF;
  UPDATE standing SET review_at = least(src.review_at, dst.review_at) WHERE member_id = dst.member_id;
  UPDATE standing SET review_at = tier_never() WHERE member_id = src.member_id;
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, tier_never())
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
