-- Adjustments by hand, the review of tiers, rights (early access first), favourites, partner codes.
ALTER TABLE "redemption" ADD COLUMN "right_id" VARCHAR(32), ADD COLUMN "right_period" VARCHAR(10);

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
    FROM reward WHERE early_tier IS NOT NULL GROUP BY early_tier, early_hours;

ALTER TABLE "reward" DROP CONSTRAINT reward_early;
ALTER TABLE "reward" DROP CONSTRAINT reward_kind;
ALTER TABLE "reward" DROP CONSTRAINT reward_numbered;
ALTER TABLE "reward" ADD COLUMN "keywords" VARCHAR(120) NOT NULL DEFAULT '',
ALTER COLUMN "kind" SET DATA TYPE VARCHAR(12);

CREATE TABLE "reward_code" (
    "reward_id" VARCHAR(32) NOT NULL,
    "code_no" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,
    "member_id" UUID,
    "redemption_id" UUID,

    CONSTRAINT "reward_code_pkey" PRIMARY KEY ("reward_id","code_no")
);

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

CREATE INDEX "adjustment_adjustment_id_idx" ON "adjustment"("adjustment_id");
CREATE INDEX "adjustment_proposed_at_idx" ON "adjustment"("proposed_at");

-- nobody has been reviewed yet: all who hold growth or more than the first tier are due at once
ALTER TABLE "standing" ADD COLUMN "review_at" TIMESTAMPTZ(3), ADD COLUMN "warned_of" TIMESTAMPTZ(3);
UPDATE standing SET review_at = CASE WHEN tier > 1 OR EXISTS (SELECT 1 FROM account a WHERE a.member_id = standing.member_id AND a.growth > 0)
  THEN now() ELSE valid_until END;
ALTER TABLE "standing" ALTER COLUMN "review_at" SET NOT NULL;

-- What Prisma's schema language cannot say: the last line of defence.
ALTER TABLE "reward" ADD CONSTRAINT reward_kind
  CHECK (kind IN ('pickup', 'service', 'coupon', 'partner_code') AND (kind = 'coupon') = (coupon_template_id IS NOT NULL));
ALTER TABLE "reward" ADD CONSTRAINT reward_numbered CHECK (NOT numbered OR (stock_total IS NOT NULL AND kind = 'pickup'));
ALTER TABLE "reward" ADD CONSTRAINT reward_early CHECK (early_hours > 0);
-- I-M1 for codes of partners: one redemption each
ALTER TABLE "reward_code" ADD CONSTRAINT reward_code_owner CHECK (code_no > 0 AND (member_id IS NULL) = (redemption_id IS NULL));
ALTER TABLE "redemption" ADD CONSTRAINT redemption_right CHECK ((right_id IS NULL) = (right_period IS NULL));
ALTER TABLE "member_right" ADD CONSTRAINT member_right_form CHECK (kind IN ('early_access')
  AND (tier_from IS NOT NULL OR honour_id IS NOT NULL) AND (quota IS NULL) = (period IS NULL) AND quota > 0
  AND period IN ('day', 'month', 'year', 'once'));
ALTER TABLE "right_use" ADD CONSTRAINT right_use_used CHECK (used >= 0);
ALTER TABLE "adjustment" ADD CONSTRAINT adjustment_form CHECK (points <> 0 AND abs(points) <= 1000000 AND debt_points >= 0
  AND reason IN ('goodwill', 'correction', 'outage', 'abuse', 'other') AND length(note) > 0);
ALTER TABLE "adjustment" ADD CONSTRAINT adjustment_state CHECK (state IN ('waiting', 'done', 'refused')
  AND (state = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL));
ALTER TABLE "adjustment_day" ADD CONSTRAINT adjustment_day_points CHECK (points >= 0);
ALTER TABLE "tier_change" ADD CONSTRAINT tier_change_form
  CHECK (before BETWEEN 1 AND 6 AND after BETWEEN 1 AND 6 AND reason IN ('raised', 'kept', 'landed', 'returned', 'merged'));
CREATE INDEX reward_code_free ON "reward_code" (reward_id, code_no) WHERE member_id IS NULL;
CREATE INDEX adjustment_waiting ON "adjustment" (proposed_at) WHERE state = 'waiting';
CREATE INDEX standing_due ON "standing" (review_at);


-- Functions, word for word as in prisma/functions.

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
LANGUAGE plpgsql AS $$
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

-- Up at once, never down here. {memberId, growth, at, validUntil, ladder: [{tier, atGrowth}]} → {before, after}
CREATE OR REPLACE FUNCTION tier_raise(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held int;
  reached int;
BEGIN
  SELECT tier, (SELECT max((rung->>'tier')::int) FROM jsonb_array_elements(call->'ladder') rung
                  WHERE (rung->>'atGrowth')::int <= (call->>'growth')::int)
    INTO held, reached FROM standing WHERE member_id = member;
  IF reached > held THEN
    UPDATE standing SET tier = reached, since = (call->>'at')::timestamptz, valid_until = (call->>'validUntil')::timestamptz
      WHERE member_id = member AND tier < reached;
  END IF;
  RETURN jsonb_build_object('before', held, 'after', greatest(held, reached));
END $$;

-- A tier that only growth given back since had reached ends with it. What counts is the highest that the growth which was
-- kept stood at since the tier was reached, what it stood at then included. Reads the growth history, but only when a return
-- leaves less than the tier needs. {memberId, growth, at, ladder} → {before, after}; `growth` is what the account holds after the return
CREATE OR REPLACE FUNCTION tier_lower(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  held standing;
  deserved int;
  best bigint;
BEGIN
  SELECT * INTO held FROM standing WHERE member_id = member FOR UPDATE;
  best := (call->>'growth')::int;
  IF best < (SELECT max((rung->>'atGrowth')::int) FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'tier')::int = held.tier) THEN
    SELECT greatest(best, max(stood)) INTO best FROM (
      SELECT sum(sum(amount)) OVER (ORDER BY at) AS stood, lead(at) OVER (ORDER BY at) AS until
        FROM tier_kept_growth(member) GROUP BY at) history
      WHERE coalesce(until, 'infinity') > held.since;
  END IF;
  SELECT max((rung->>'tier')::int) INTO deserved FROM jsonb_array_elements(call->'ladder') rung WHERE (rung->>'atGrowth')::int <= best;
  IF deserved < held.tier THEN
    UPDATE standing SET tier = deserved, since = (call->>'at')::timestamptz WHERE member_id = member;
  END IF;
  RETURN jsonb_build_object('before', held.tier, 'after', least(deserved, held.tier));
END $$;

-- Every change of a member's growth but what was given back, as if it had never come. What another record had earned and the
-- survivor gave back left with the merge that brought it.
CREATE OR REPLACE FUNCTION tier_kept_growth(member uuid) RETURNS TABLE (at timestamptz, amount int)
LANGUAGE sql STABLE AS $$
  SELECT t.at, CASE to_account WHEN 'member:growth' THEN t.amount ELSE -t.amount END FROM transfer t
    WHERE t.member_id = member AND unit = 'growth' AND reason <> 'purchase_returned'
      AND NOT EXISTS (SELECT 1 FROM effect e WHERE e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'take_back')
  UNION ALL
  SELECT (SELECT min(m.at) FROM transfer m WHERE m.member_id = member AND m.unit = 'growth' AND m.reason = 'merged_in' AND m.at >= e.at), -t.amount
    FROM transfer t JOIN effect e ON e.kind = t.effect_kind AND e.source_id = t.effect_source AND e.part = 'award'
    WHERE t.member_id = member AND t.unit = 'growth' AND t.reason = 'purchase_returned' AND e.member_id <> member
$$;

-- The higher of the two, until the next review; of two equal ones the one that is safe for longer.
CREATE OR REPLACE FUNCTION tier_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE standing SET tier = other.tier, since = other.since, valid_until = other.valid_until
    FROM standing other
    WHERE standing.member_id = (call->>'to')::uuid AND other.member_id = (call->>'from')::uuid
      AND (other.tier, other.valid_until) > (standing.tier, standing.valid_until);
  RETURN '{}';
END $$;

-- Where everybody starts. {memberId, at, validUntil}
CREATE OR REPLACE FUNCTION tier_open(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  INSERT INTO standing (member_id, tier, since, valid_until, review_at)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz, (call->>'validUntil')::timestamptz)
    ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;
