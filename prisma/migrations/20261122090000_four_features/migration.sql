-- AlterTable
ALTER TABLE "identity" ADD COLUMN     "first_at" TIMESTAMPTZ(3);
UPDATE "identity" SET first_at = least(proven_at, (SELECT joined_at FROM member m WHERE m.member_id = identity.member_id));
ALTER TABLE "identity" ALTER COLUMN "first_at" SET NOT NULL;

-- AlterTable
ALTER TABLE "purchase" ADD COLUMN     "full_fen" INTEGER,
ADD COLUMN     "hold_id" UUID,
ADD COLUMN     "receipt" JSONB,
ADD COLUMN     "returned_at" TIMESTAMPTZ(3),
ADD COLUMN     "returned_by" UUID,
ADD COLUMN     "state" VARCHAR(10) NOT NULL DEFAULT 'settled';
-- one pass over the table instead of a new version of every row
ALTER TABLE "purchase" ALTER COLUMN "full_fen" TYPE INTEGER USING amount_fen;
ALTER TABLE "purchase" ALTER COLUMN "full_fen" SET NOT NULL;

-- AlterTable
ALTER TABLE "effect" ALTER COLUMN "part" SET DATA TYPE VARCHAR(64);

-- CreateTable
CREATE TABLE "coupon_template" (
    "template_id" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "kind" VARCHAR(12) NOT NULL,
    "amount_off_fen" INTEGER,
    "pay_percent" SMALLINT,
    "max_off_fen" INTEGER,
    "threshold_fen" INTEGER NOT NULL DEFAULT 0,
    "valid_days" SMALLINT,
    "valid_until" TIMESTAMPTZ(3),
    "total_limit" INTEGER,
    "granted" INTEGER NOT NULL DEFAULT 0,
    "per_person_limit" SMALLINT,
    "claimable" BOOLEAN NOT NULL DEFAULT false,
    "starts_at" TIMESTAMPTZ(3),
    "ends_at" TIMESTAMPTZ(3),
    "stacking_group" VARCHAR(16) NOT NULL DEFAULT 'order',
    "rules" VARCHAR(200) NOT NULL,

    CONSTRAINT "coupon_template_pkey" PRIMARY KEY ("template_id")
);

-- CreateTable
CREATE TABLE "coupon_quota" (
    "member_id" UUID NOT NULL,
    "template_id" VARCHAR(32) NOT NULL,
    "granted" INTEGER NOT NULL,

    CONSTRAINT "coupon_quota_pkey" PRIMARY KEY ("member_id","template_id")
);

-- CreateTable
CREATE TABLE "coupon" (
    "member_id" UUID NOT NULL,
    "coupon_id" UUID NOT NULL,
    "template_id" VARCHAR(32) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "valid_from" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "effect_kind" VARCHAR(32) NOT NULL,
    "effect_source" VARCHAR(96) NOT NULL,
    "effect_part" VARCHAR(64) NOT NULL,
    "hold_id" UUID,
    "held_until" TIMESTAMPTZ(3),
    "order_id" UUID,
    "used_at" TIMESTAMPTZ(3),
    "voided_at" TIMESTAMPTZ(3),
    "void_reason" VARCHAR(20),

    CONSTRAINT "coupon_pkey" PRIMARY KEY ("member_id","coupon_id")
);

-- CreateTable
CREATE TABLE "gift" (
    "gift_id" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(12) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "join_within_days" SMALLINT NOT NULL,
    "coupon_templates" JSONB NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "pickups" JSONB NOT NULL,
    "stock" INTEGER,
    "given" INTEGER NOT NULL DEFAULT 0,
    "points_budget" INTEGER,
    "points_given" INTEGER NOT NULL DEFAULT 0,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),

    CONSTRAINT "gift_pkey" PRIMARY KEY ("gift_id")
);

-- CreateTable
CREATE TABLE "gift_given" (
    "member_id" UUID NOT NULL,
    "given_id" UUID NOT NULL,
    "gift_id" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(12) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "contents" JSONB NOT NULL,
    "lot_id" UUID,
    "given_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "gift_given_pkey" PRIMARY KEY ("member_id","given_id")
);

-- CreateTable
CREATE TABLE "lot_use" (
    "member_id" UUID NOT NULL,
    "effect_kind" VARCHAR(32) NOT NULL,
    "effect_source" VARCHAR(96) NOT NULL,
    "lot_id" UUID NOT NULL,
    "origin_lot_id" UUID NOT NULL,
    "points" INTEGER NOT NULL,
    "active_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lot_use_pkey" PRIMARY KEY ("member_id","effect_kind","effect_source","lot_id")
);

-- CreateTable
CREATE TABLE "reward" (
    "reward_id" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "subtitle" VARCHAR(60) NOT NULL,
    "art" VARCHAR(16) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "points" INTEGER NOT NULL,
    "market_fen" INTEGER,
    "tier_gate" SMALLINT NOT NULL DEFAULT 1,
    "per_person_limit" SMALLINT,
    "stock_total" INTEGER,
    "numbered" BOOLEAN NOT NULL DEFAULT false,
    "public_at" TIMESTAMPTZ(3) NOT NULL,
    "early_tier" SMALLINT,
    "early_hours" SMALLINT,
    "ends_at" TIMESTAMPTZ(3),
    "prepare_hours" SMALLINT NOT NULL DEFAULT 0,
    "pickup_days" SMALLINT NOT NULL DEFAULT 30,
    "coupon_template_id" VARCHAR(32),
    "rules" VARCHAR(200) NOT NULL,
    "position" SMALLINT NOT NULL DEFAULT 0,
    "listed" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "reward_pkey" PRIMARY KEY ("reward_id")
);

-- CreateTable
CREATE TABLE "reward_stock" (
    "reward_id" VARCHAR(32) NOT NULL,
    "slot" SMALLINT NOT NULL,
    "remaining" INTEGER NOT NULL,

    CONSTRAINT "reward_stock_pkey" PRIMARY KEY ("reward_id","slot")
);

-- CreateTable
CREATE TABLE "reward_piece" (
    "reward_id" VARCHAR(32) NOT NULL,
    "piece_no" INTEGER NOT NULL,
    "member_id" UUID,
    "redemption_id" UUID,

    CONSTRAINT "reward_piece_pkey" PRIMARY KEY ("reward_id","piece_no")
);

-- CreateTable
CREATE TABLE "reward_quota" (
    "member_id" UUID NOT NULL,
    "reward_id" VARCHAR(32) NOT NULL,
    "taken" INTEGER NOT NULL,

    CONSTRAINT "reward_quota_pkey" PRIMARY KEY ("member_id","reward_id")
);

-- CreateTable
CREATE TABLE "redemption" (
    "member_id" UUID NOT NULL,
    "redemption_id" UUID NOT NULL,
    "reward_id" VARCHAR(32) NOT NULL,
    "origin" VARCHAR(8) NOT NULL,
    "given_id" UUID,
    "title" VARCHAR(40) NOT NULL,
    "points" INTEGER NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "cancel_reason" VARCHAR(20),
    "piece_no" INTEGER,
    "slot" SMALLINT,
    "coupon_id" UUID,
    "placed_at" TIMESTAMPTZ(3) NOT NULL,
    "ready_at" TIMESTAMPTZ(3) NOT NULL,
    "pickup_by" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "store_id" VARCHAR(32),
    "staff_id" UUID,
    "visit_id" UUID,

    CONSTRAINT "redemption_pkey" PRIMARY KEY ("member_id","redemption_id")
);

-- CreateTable
CREATE TABLE "pickup_code" (
    "code" CHAR(8) NOT NULL,
    "member_id" UUID NOT NULL,
    "redemption_id" UUID NOT NULL,

    CONSTRAINT "pickup_code_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "honour" (
    "honour_id" VARCHAR(32) NOT NULL,
    "name" VARCHAR(20) NOT NULL,
    "mark" VARCHAR(16) NOT NULL,
    "words" VARCHAR(80) NOT NULL,
    "term_months" SMALLINT,
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "honour_pkey" PRIMARY KEY ("honour_id")
);

-- CreateTable
CREATE TABLE "honour_held" (
    "member_id" UUID NOT NULL,
    "honour_id" VARCHAR(32) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "honour_held_pkey" PRIMARY KEY ("member_id","honour_id")
);

-- CreateTable
CREATE TABLE "obligation" (
    "obligation_id" VARCHAR(32) NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "words" VARCHAR(160) NOT NULL,
    "mark" VARCHAR(16) NOT NULL,
    "tier_gate" SMALLINT NOT NULL DEFAULT 1,
    "proof" VARCHAR(12) NOT NULL,
    "target" SMALLINT NOT NULL,
    "cooldown_hours" SMALLINT NOT NULL DEFAULT 0,
    "store_id" VARCHAR(32),
    "reward_points" INTEGER NOT NULL DEFAULT 0,
    "honour_id" VARCHAR(32),
    "budget_points" INTEGER NOT NULL,
    "spent_points" INTEGER NOT NULL DEFAULT 0,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "obligation_pkey" PRIMARY KEY ("obligation_id")
);

-- CreateTable
CREATE TABLE "obligation_instance" (
    "member_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "obligation_id" VARCHAR(32) NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "progress" SMALLINT NOT NULL DEFAULT 0,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "last_proof_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(20),

    CONSTRAINT "obligation_instance_pkey" PRIMARY KEY ("member_id","instance_id")
);

-- CreateTable
CREATE TABLE "obligation_proof" (
    "member_id" UUID NOT NULL,
    "proof_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "obligation_proof_pkey" PRIMARY KEY ("member_id","proof_id")
);

-- CreateTable
CREATE TABLE "order_hold" (
    "member_id" UUID NOT NULL,
    "hold_id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "full_fen" INTEGER NOT NULL,
    "payable_fen" INTEGER NOT NULL,
    "receipt" JSONB NOT NULL,
    "coupon_id" UUID,
    "state" VARCHAR(8) NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "order_hold_pkey" PRIMARY KEY ("member_id","hold_id")
);

-- CreateTable
CREATE TABLE "referral_campaign" (
    "campaign_id" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "reward_points" INTEGER NOT NULL,
    "min_order_fen" INTEGER NOT NULL,
    "hold_days" SMALLINT NOT NULL,
    "per_inviter_cap" SMALLINT NOT NULL,
    "budget_points" INTEGER NOT NULL,
    "spent_points" INTEGER NOT NULL DEFAULT 0,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "stopped_at" TIMESTAMPTZ(3),

    CONSTRAINT "referral_campaign_pkey" PRIMARY KEY ("campaign_id")
);

-- CreateTable
CREATE TABLE "referral_link" (
    "code" VARCHAR(10) NOT NULL,
    "member_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "referral_link_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "referral" (
    "member_id" UUID NOT NULL,
    "referral_id" UUID NOT NULL,
    "inviter_id" UUID NOT NULL,
    "code" VARCHAR(10) NOT NULL,
    "campaign_id" VARCHAR(32) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "reason" VARCHAR(20),
    "points" INTEGER NOT NULL DEFAULT 0,
    "joined_at" TIMESTAMPTZ(3) NOT NULL,
    "order_id" UUID,
    "held_at" TIMESTAMPTZ(3),
    "release_at" TIMESTAMPTZ(3),
    "settled_at" TIMESTAMPTZ(3),
    "clawed_back" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "referral_pkey" PRIMARY KEY ("member_id","referral_id")
);

-- CreateTable
CREATE TABLE "referral_quota" (
    "member_id" UUID NOT NULL,
    "campaign_id" VARCHAR(32) NOT NULL,
    "taken" INTEGER NOT NULL,

    CONSTRAINT "referral_quota_pkey" PRIMARY KEY ("member_id","campaign_id")
);

-- CreateIndex
CREATE INDEX "coupon_member_id_state_expires_at_idx" ON "coupon"("member_id", "state", "expires_at");

-- CreateIndex
CREATE INDEX "pickup_code_member_id_redemption_id_idx" ON "pickup_code"("member_id", "redemption_id");

-- CreateIndex
CREATE INDEX "referral_link_member_id_idx" ON "referral_link"("member_id");

-- CreateIndex
CREATE INDEX "referral_inviter_id_joined_at_idx" ON "referral"("inviter_id", "joined_at");

-- CreateIndex
CREATE INDEX "purchase_member_id_settled_at_idx" ON "purchase"("member_id", "settled_at");


-- What Prisma's schema language cannot say: the last line of defence.
ALTER TABLE "purchase" DROP CONSTRAINT purchase_amount;
ALTER TABLE "purchase" ADD CONSTRAINT purchase_amount
  CHECK (full_fen BETWEEN 1 AND 10000000 AND amount_fen BETWEEN 0 AND full_fen AND points >= 0 AND growth >= 0);
ALTER TABLE "purchase" ADD CONSTRAINT purchase_state
  CHECK (state IN ('settled', 'returned') AND (state = 'returned') = (returned_at IS NOT NULL));
ALTER TABLE "order_hold" ADD CONSTRAINT order_hold_amount CHECK (full_fen BETWEEN 1 AND 10000000 AND payable_fen BETWEEN 0 AND full_fen);
ALTER TABLE "order_hold" ADD CONSTRAINT order_hold_state CHECK (state IN ('live', 'settled', 'released') AND held_at < expires_at);
ALTER TABLE "lot_use" ADD CONSTRAINT lot_use_points CHECK (points > 0);

ALTER TABLE "coupon_template" ADD CONSTRAINT coupon_template_kind CHECK (
  (kind = 'amount_off' AND amount_off_fen > 0 AND pay_percent IS NULL) OR
  (kind = 'percent_off' AND pay_percent BETWEEN 1 AND 99 AND amount_off_fen IS NULL));
ALTER TABLE "coupon_template" ADD CONSTRAINT coupon_template_life CHECK ((valid_days IS NULL) <> (valid_until IS NULL) AND threshold_fen >= 0);
-- I-C1: never more than the limit, whoever writes
ALTER TABLE "coupon_template" ADD CONSTRAINT coupon_template_limit CHECK (granted >= 0 AND (total_limit IS NULL OR granted <= total_limit));
ALTER TABLE "coupon_quota" ADD CONSTRAINT coupon_quota_granted CHECK (granted >= 0);
ALTER TABLE "coupon" ADD CONSTRAINT coupon_state CHECK (state IN ('granted', 'held', 'used', 'voided'));
ALTER TABLE "coupon" ADD CONSTRAINT coupon_held CHECK ((state = 'held') = (held_until IS NOT NULL) AND (state <> 'held' OR hold_id IS NOT NULL));
ALTER TABLE "coupon" ADD CONSTRAINT coupon_used CHECK ((state = 'used') = (order_id IS NOT NULL AND used_at IS NOT NULL));
ALTER TABLE "coupon" ADD CONSTRAINT coupon_voided CHECK ((state = 'voided') = (voided_at IS NOT NULL AND void_reason IS NOT NULL));
ALTER TABLE "coupon" ADD CONSTRAINT coupon_life CHECK (valid_from < expires_at);
CREATE UNIQUE INDEX coupon_order_once ON "coupon" (member_id, order_id) WHERE state = 'used';
CREATE INDEX coupon_hold ON "coupon" (member_id, hold_id) WHERE state = 'held';

ALTER TABLE "gift" ADD CONSTRAINT gift_kind CHECK (kind IN ('new_member'));
ALTER TABLE "gift" ADD CONSTRAINT gift_limits CHECK (given >= 0 AND (stock IS NULL OR given <= stock)
  AND points >= 0 AND points_given >= 0 AND (points_budget IS NULL OR points_given <= points_budget));
ALTER TABLE "gift_given" ADD CONSTRAINT gift_given_state CHECK (state IN ('given', 'superseded'));
-- I-G1: one new-member gift a person, also behind a merge
CREATE UNIQUE INDEX gift_given_once ON "gift_given" (member_id, kind) WHERE state = 'given' AND kind = 'new_member';

ALTER TABLE "reward" ADD CONSTRAINT reward_kind CHECK (kind IN ('pickup', 'coupon') AND (kind = 'coupon') = (coupon_template_id IS NOT NULL));
ALTER TABLE "reward" ADD CONSTRAINT reward_price CHECK (points >= 0 AND tier_gate BETWEEN 1 AND 6 AND prepare_hours >= 0 AND pickup_days > 0);
ALTER TABLE "reward" ADD CONSTRAINT reward_numbered CHECK (NOT numbered OR (stock_total IS NOT NULL AND kind = 'pickup'));
ALTER TABLE "reward" ADD CONSTRAINT reward_early CHECK ((early_tier IS NULL) = (early_hours IS NULL));
-- I-M1: stock never below zero
ALTER TABLE "reward_stock" ADD CONSTRAINT reward_stock_remaining CHECK (remaining >= 0);
ALTER TABLE "reward_piece" ADD CONSTRAINT reward_piece_owner CHECK (piece_no > 0 AND (member_id IS NULL) = (redemption_id IS NULL));
ALTER TABLE "reward_quota" ADD CONSTRAINT reward_quota_taken CHECK (taken >= 0);
ALTER TABLE "redemption" ADD CONSTRAINT redemption_state CHECK (state IN ('placed', 'ready', 'done', 'cancelled')
  AND (state IN ('done', 'cancelled')) = (finished_at IS NOT NULL) AND (state = 'cancelled') = (cancel_reason IS NOT NULL));
ALTER TABLE "redemption" ADD CONSTRAINT redemption_origin CHECK (origin IN ('mall', 'gift') AND (origin = 'gift') = (given_id IS NOT NULL) AND points >= 0);
ALTER TABLE "pickup_code" ADD CONSTRAINT pickup_code_form CHECK (code ~ '^[0-9]{8}$');
CREATE INDEX reward_piece_free ON "reward_piece" (reward_id, piece_no) WHERE member_id IS NULL;
CREATE INDEX redemption_preparing ON "redemption" (ready_at) WHERE state = 'placed';
CREATE INDEX redemption_waiting ON "redemption" (pickup_by) WHERE state = 'ready';
CREATE INDEX redemption_open ON "redemption" (member_id) WHERE state IN ('placed', 'ready');
CREATE INDEX order_hold_live ON "order_hold" (expires_at) WHERE state = 'live';

ALTER TABLE "referral_campaign" ADD CONSTRAINT referral_campaign_budget CHECK (reward_points > 0 AND hold_days > 0 AND per_inviter_cap > 0
  AND spent_points BETWEEN 0 AND budget_points);
ALTER TABLE "referral_link" ADD CONSTRAINT referral_link_code CHECK (code ~ '^[0-9A-Za-z]{4,10}$');
ALTER TABLE "referral" ADD CONSTRAINT referral_state CHECK (state IN ('joined', 'held', 'released', 'refused', 'void')
  AND (state IN ('refused', 'void')) = (reason IS NOT NULL) AND (state = 'held') <= (release_at IS NOT NULL AND order_id IS NOT NULL));
-- I-F3: nobody invites oneself
ALTER TABLE "referral" ADD CONSTRAINT referral_two_people CHECK (member_id <> inviter_id OR state = 'void');
-- I-F1: one inviter
CREATE UNIQUE INDEX referral_one_inviter ON "referral" (member_id) WHERE state <> 'void';
-- the records that became a member: every merge and return asks for them
CREATE INDEX member_merged ON "member" (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX referral_released ON "referral" (inviter_id, settled_at) WHERE state = 'released';
CREATE INDEX referral_due ON "referral" (release_at) WHERE state = 'held';
ALTER TABLE "referral_quota" ADD CONSTRAINT referral_quota_taken CHECK (taken >= 0);

ALTER TABLE "obligation" ADD CONSTRAINT obligation_kind CHECK (kind IN ('themed_activity', 'check_in') AND proof IN ('staff_scan'));
ALTER TABLE "obligation" ADD CONSTRAINT obligation_budget CHECK (target > 0 AND cooldown_hours >= 0 AND reward_points >= 0
  AND spent_points BETWEEN 0 AND budget_points AND starts_at < ends_at AND tier_gate BETWEEN 1 AND 6);
ALTER TABLE "obligation_instance" ADD CONSTRAINT obligation_instance_state CHECK (
  state IN ('accepted', 'in_progress', 'approved', 'rewarded', 'lapsed', 'superseded') AND progress >= 0);
-- I-O1: one undertaking, so one reward
CREATE UNIQUE INDEX obligation_instance_once ON "obligation_instance" (member_id, obligation_id) WHERE state <> 'superseded';
CREATE UNIQUE INDEX obligation_proof_once ON "obligation_proof" (member_id, instance_id, visit_id);

ALTER TABLE "coupon_template" SET (fillfactor = 50);
ALTER TABLE "reward_stock" SET (fillfactor = 50);
ALTER TABLE "referral_campaign" SET (fillfactor = 50);


-- Functions, word for word as in prisma/functions.

DROP FUNCTION run_along;

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

-- An order came back whole: the coupon it used returns, the packet it was thanked with goes unless it was used.
-- {memberId, orderId, at} → {coupon: {title, returned} | null, packet: {title, state} | null}
CREATE OR REPLACE FUNCTION coupon_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own coupon;
  used jsonb;
  packet jsonb;
BEGIN
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

-- The new-member gift. Protects I-G1: one a person, by the unique index behind gift_given, also when two records that each
-- opened one become one person.

-- What a gift holds, as it is shown before it is opened.
CREATE OR REPLACE FUNCTION gift_contents(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(pick || '{"kind": "pickup"}' ORDER BY n), '[]') FROM jsonb_array_elements(own.pickups) WITH ORDINALITY p (pick, n))
    || (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'coupon', 'templateId', t.template_id, 'title', t.title,
          'thresholdFen', t.threshold_fen, 'amountOffFen', t.amount_off_fen, 'validDays', t.valid_days) ORDER BY n), '[]')
        FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) JOIN coupon_template t ON t.template_id = c.id)
    || CASE WHEN own.points > 0 THEN jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points)) ELSE '[]' END;
END $$;

-- The gift that is given to who joins now.
CREATE OR REPLACE FUNCTION gift_running(at timestamptz) RETURNS SETOF gift
LANGUAGE sql STABLE AS $$
  SELECT * FROM gift WHERE kind = 'new_member' AND starts_at <= at AND (ends_at IS NULL OR ends_at >= at)
    ORDER BY starts_at DESC, gift_id LIMIT 1
$$;

CREATE OR REPLACE FUNCTION gift_json(own gift) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('giftId', own.gift_id, 'title', own.title, 'joinWithinDays', own.join_within_days,
    'startsAt', iso_text(own.starts_at), 'endsAt', iso_text(own.ends_at), 'points', own.points, 'contents', gift_contents(own),
    'gone', coalesce(own.given >= own.stock, false) OR coalesce(own.points_given + own.points > own.points_budget, false));
END $$;

-- For guests: the gift, and the sealed name of whose link it came by. {at, link} → {gift, fromSealed}
CREATE OR REPLACE FUNCTION gift_preview(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('gift', (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g),
    'fromSealed', (SELECT encode(now_is.name_sealed, 'base64') FROM referral_link l JOIN member was USING (member_id)
      JOIN member now_is ON now_is.member_id = coalesce(was.merged_into, was.member_id)
      WHERE l.code = call->>'link' AND now_is.status = 'active'),
    'fromSomebody', EXISTS (SELECT 1 FROM referral_link l WHERE l.code = call->>'link'));
END $$;

-- What decides how a gift stands for a member: the one they opened, else the named one, else the one that runs.
-- {memberId, at, newAfterDays, giftId?} → {gift, given, newSince, boughtBefore, fromSealed, fromSomebody}
CREATE OR REPLACE FUNCTION gift_read(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  since timestamptz := member_new_since(me);
  opened gift_given;
  inviter uuid;
BEGIN
  SELECT * INTO opened FROM gift_given WHERE member_id = me AND kind = 'new_member' AND state = 'given';
  SELECT inviter_id INTO inviter FROM referral r WHERE r.member_id = me AND r.state <> 'void';
  RETURN jsonb_build_object(
    'gift', CASE WHEN call ? 'giftId' OR opened.gift_id IS NOT NULL
      THEN (SELECT gift_json(g) FROM gift g WHERE g.gift_id = coalesce(call->>'giftId', opened.gift_id))
      ELSE (SELECT gift_json(g) FROM gift_running((call->>'at')::timestamptz) g) END,
    'given', CASE WHEN opened.gift_id IS NOT NULL
      THEN jsonb_build_object('giftId', opened.gift_id, 'openedAt', iso_text(opened.given_at), 'contents', opened.contents) END,
    'newSince', iso_text(since), 'boughtBefore', coalesce(order_bought_before(me, since, (call->>'newAfterDays')::int), false),
    'fromSealed', (SELECT encode(name_sealed, 'base64') FROM member m WHERE m.member_id = inviter AND m.status = 'active'),
    'fromSomebody', inviter IS NOT NULL);
END $$;

-- Opens the gift: points, coupons and pick-ups in one statement, once a person. The rule's answer travels with the facts it
-- was given for; facts that changed meanwhile (a merge) ask again. The shared rows come last.
-- {request, memberId, giftId, givenId, at, pointsEnd, newAfterDays, newSince, boughtBefore, refusal, along} → {openedAt, contents}
CREATE OR REPLACE FUNCTION gift_open(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  member uuid := (call->>'memberId')::uuid;
  since timestamptz;
  own gift;
  earned jsonb;
  held jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO own FROM gift WHERE gift_id = call->>'giftId' AND starts_at <= (call->>'at')::timestamptz;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "gift"}'); END IF;
  IF EXISTS (SELECT 1 FROM gift_given WHERE member_id = member AND kind = own.kind AND state = 'given') THEN PERFORM refuse('GIFT_TAKEN'); END IF;
  since := member_new_since(member);
  IF since IS DISTINCT FROM (call->>'newSince')::timestamptz
      OR coalesce(order_bought_before(member, since, (call->>'newAfterDays')::int), false) <> (call->>'boughtBefore')::boolean THEN
    PERFORM refuse('BUSY');
  END IF;
  IF call->'refusal' ? 'code' THEN PERFORM refuse(call->'refusal'->>'code', call->'refusal'->'detail'); END IF;

  INSERT INTO gift_given (member_id, given_id, gift_id, kind, state, contents, given_at)
    VALUES (member, (call->>'givenId')::uuid, own.gift_id, own.kind, 'given', '[]', (call->>'at')::timestamptz);
  earned := ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'gift', 'sourceId', call->>'givenId',
    'points', own.points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'pointsEnd', 'reason', 'gift',
    'detail', jsonb_build_object('title', own.title)));
  held := gift_give_coupons(call, own);
  held := gift_pickups(run_handlers(call->'along')) || held;
  IF own.points > 0 THEN
    held := held || jsonb_build_array(jsonb_build_object('kind', 'points', 'points', own.points, 'expiresAt', call->'pointsEnd'));
  END IF;
  UPDATE gift_given SET contents = held, lot_id = CASE WHEN own.points > 0 THEN (earned->>'lotId')::uuid END
    WHERE member_id = member AND given_id = (call->>'givenId')::uuid;
  held := jsonb_build_object('openedAt', call->'at', 'contents', held);
  held := request_end(call->'request', held);
  IF own.stock IS NOT NULL OR own.points_budget IS NOT NULL THEN
    UPDATE gift SET given = given + 1, points_given = points_given + own.points
      WHERE gift_id = own.gift_id AND (stock IS NULL OR given < stock)
        AND (points_budget IS NULL OR points_given + own.points <= points_budget);
    IF NOT FOUND THEN PERFORM refuse('GIFT_GONE'); END IF;
  END IF;
  RETURN held;
END $$;

-- One coupon of each template, in one order for everybody. A gift that is short of one is gone as a whole.
CREATE OR REPLACE FUNCTION gift_give_coupons(call jsonb, own gift) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  template record;
  made jsonb;
  held jsonb := '[]';
BEGIN
  FOR template IN SELECT id, n FROM jsonb_array_elements_text(own.coupon_templates) WITH ORDINALITY c (id, n) ORDER BY id, n LOOP
    made := coupon_grant(jsonb_build_object('memberId', call->'memberId', 'templateId', template.id, 'at', call->'at',
      'kind', 'gift', 'sourceId', call->>'givenId', 'part', template.n));
    IF made ? 'refused' THEN PERFORM refuse('GIFT_GONE'); END IF;
    held := held || jsonb_build_array(made || '{"kind": "coupon"}');
  END LOOP;
  RETURN held;
END $$;

-- The pick-ups that the mall placed along with the gift.
CREATE OR REPLACE FUNCTION gift_pickups(answers jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'pickup', 'redemptionId', placed->'redemptionId', 'title', placed->'title',
      'pickupBy', placed->'pickupBy') ORDER BY n), '[]')
    FROM jsonb_array_elements(coalesce(answers->'mall_place_gift', '[]')) WITH ORDINALITY a (placed, n)
$$;

-- Of two opened gifts the later one is superseded: its unused coupons and unspent points go, what was used stays recorded.
-- Its pick-ups are the mall's, which comes later in a merge. {from, to, at}
CREATE OR REPLACE FUNCTION gift_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  later record;
BEGIN
  SELECT member_id, given_id INTO later FROM gift_given
    WHERE member_id IN (src, dst) AND kind = 'new_member' AND state = 'given' ORDER BY given_at, given_id OFFSET 1 LIMIT 1;
  IF FOUND THEN
    UPDATE gift_given SET state = 'superseded' WHERE member_id = later.member_id AND given_id = later.given_id;
  END IF;
  UPDATE gift_given SET member_id = dst WHERE member_id = src;
  IF later.given_id IS NOT NULL THEN
    PERFORM coupon_void_of(jsonb_build_object('memberId', dst, 'kind', 'gift', 'sourceId', later.given_id, 'at', call->'at',
      'reason', 'gift_superseded'));
    PERFORM gift_take_back(jsonb_build_object('memberId', dst, 'at', call->'at'));
  END IF;
  RETURN '{}';
END $$;

-- Takes back what superseded gifts' points have come to hold: at the merge, and when an exchange they paid for is undone
-- later. {memberId, at}
CREATE OR REPLACE FUNCTION gift_take_back(call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM ledger_take_lot(call || jsonb_build_object('kind', 'gift', 'sourceId', given.given_id, 'originLotId', given.lot_id,
      'reason', 'gift_returned', 'detail', jsonb_build_object('title', (SELECT title FROM gift g WHERE g.gift_id = given.gift_id))))
    FROM gift_given given WHERE given.member_id = (call->>'memberId')::uuid AND given.state = 'superseded' AND given.lot_id IS NOT NULL;
END $$;

-- What may be run along with a write: the calls that the handlers of bff/src/registry.ts ask for. Named one by one, so that
-- their plans are kept and nothing else can be called; a test compares both lists.

-- Runs the calls [{fn, args}] in the writing transaction, in order. → what each answered, by its function's name
CREATE OR REPLACE FUNCTION run_handlers(along jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  step jsonb;
  args jsonb;
  answer jsonb;
  answers jsonb := '{}';
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements(coalesce(along, '[]')) LOOP
    args := step->'args';
    CASE step->>'fn'
      WHEN 'referral_attribute' THEN answer := referral_attribute(args);
      WHEN 'coupon_grant' THEN answer := coupon_grant(args);
      WHEN 'outbox_put' THEN answer := outbox_put(args);
      WHEN 'referral_on_order' THEN answer := referral_on_order(args);
      WHEN 'coupon_return' THEN answer := coupon_return(args);
      WHEN 'referral_on_return' THEN answer := referral_on_return(args);
      WHEN 'mall_place_gift' THEN answer := mall_place_gift(args);
      ELSE RAISE EXCEPTION 'no handler is called %', step->>'fn';
    END CASE;
    answers := answers || jsonb_build_object(step->>'fn', answer);
  END LOOP;
  RETURN answers;
END $$;

-- All that the home screen reads, in one round trip; nothing is decided here but what is still to be had.
-- {memberId, at, newAfterDays} → {member, account, standing, lots, claim, phones, devices, gift, coupons, pickups,
-- undertaken, released, taken, shareCode}; no member for one that was merged away.
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
    'standing', (SELECT json_build_object('tier', s.tier, 'validUntil', s.valid_until) FROM standing s WHERE s.member_id = me),
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
        r.public_at AS "publicAt", r.early_tier AS "earlyTier", r.early_hours AS "earlyHours", r.ends_at AS "endsAt",
        CASE WHEN r.stock_total IS NULL THEN NULL
          WHEN r.numbered THEN (SELECT count(*) FROM reward_piece p WHERE p.reward_id = r.reward_id AND p.member_id IS NULL)
          ELSE (SELECT coalesce(sum(k.remaining), 0) FROM reward_stock k WHERE k.reward_id = r.reward_id) END AS left
      FROM reward r WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > (call->>'at')::timestamptz)
      ORDER BY r.position, r.reward_id LIMIT 200) shelf);
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
CREATE OR REPLACE FUNCTION ledger_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
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
-- in one grace lot to {graceUntil}, once per origin lot; a second time they end at once.
-- {memberId, at, kind, sourceId, graceUntil, reason, detail} → {returned, grace, expired, available} in points, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_return_spend(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  own account := ledger_hold(member, now_at);
  used lot_use;
  back uuid;
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
    ELSIF ledger_claim(call || jsonb_build_object('kind', 'grace', 'sourceId', used.origin_lot_id), 'lot') THEN
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
-- Growth goes back as far as the account still holds it.
-- {memberId, at, kind, sourceId, points, growth, earnedAt, reason, detail} → {pending, available, debt, growth, growthAfter}, or NULL when done before.
CREATE OR REPLACE FUNCTION ledger_take_back(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
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
  IF NOT ledger_claim(call, 'take_back') THEN RETURN NULL; END IF;
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

-- Growth counts for a window; what was earned before {from} leaves the account, in one line per run. → {expired}
CREATE OR REPLACE FUNCTION ledger_settle_growth(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  gone int;
BEGIN
  PERFORM 1 FROM account WHERE member_id = member FOR UPDATE;
  SELECT coalesce(sum(amount) FILTER (WHERE to_account = 'member:growth' AND at < (call->>'from')::timestamptz), 0)
       - coalesce(sum(amount) FILTER (WHERE from_account = 'member:growth'
           AND (reason <> 'purchase_returned' OR (detail->>'earnedAt')::timestamptz < (call->>'from')::timestamptz)), 0)
    INTO gone FROM transfer WHERE member_id = member AND unit = 'growth';
  IF gone <= 0 THEN RETURN jsonb_build_object('expired', 0); END IF;
  UPDATE account SET growth = growth - gone WHERE member_id = member;
  INSERT INTO transfer (member_id, transfer_id, unit, from_account, to_account, amount, reason, detail, at)
    VALUES (member, uuid_v7((call->>'at')::timestamptz), 'growth', 'member:growth', 'programme:expired', gone,
            'growth_expired', '{}', (call->>'at')::timestamptz);
  RETURN jsonb_build_object('expired', gone);
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
  IF own.growth > 0 THEN PERFORM ledger_move_pair(src, dst, 'growth', 'member:growth', own.growth, NULL, NULL, at); END IF;
  IF own.debt_points > 0 THEN PERFORM ledger_move_debt(src, dst, own.debt_points, at); END IF;
  UPDATE lot_use SET member_id = dst WHERE member_id = src;
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

-- Cancels a redemption that is held: points to their lots, the share of the limit and the piece back. → {returned, grace, expired}
CREATE OR REPLACE FUNCTION mall_undo(held redemption, call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  back jsonb := '{"returned": 0, "grace": 0, "expired": 0}';
BEGIN
  IF held.points > 0 THEN
    back := ledger_return_spend(jsonb_build_object('memberId', held.member_id, 'at', call->'at', 'kind', 'redemption',
      'sourceId', held.redemption_id, 'graceUntil', call->'graceUntil', 'reason', 'exchange_returned',
      'detail', jsonb_build_object('title', held.title)));
    -- points of a gift or a reward that a merge took back stay with the programme
    PERFORM gift_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
    PERFORM referral_take_back(jsonb_build_object('memberId', held.member_id, 'at', call->'at'));
  END IF;
  UPDATE redemption SET state = 'cancelled', cancel_reason = call->>'cancelReason', finished_at = (call->>'at')::timestamptz
    WHERE member_id = held.member_id AND redemption_id = held.redemption_id;
  IF held.origin = 'mall' THEN
    UPDATE reward_quota SET taken = greatest(0, taken - 1) WHERE member_id = held.member_id AND reward_id = held.reward_id;
  END IF;
  IF held.piece_no IS NOT NULL THEN
    UPDATE reward_piece SET member_id = NULL, redemption_id = NULL
      WHERE reward_id = held.reward_id AND piece_no = held.piece_no AND redemption_id = held.redemption_id;
  ELSIF held.slot IS NOT NULL THEN
    UPDATE reward_stock SET remaining = remaining + 1 WHERE reward_id = held.reward_id AND slot = held.slot;
  END IF;
  RETURN back - 'available';
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

-- Redemptions, codes, pieces and shares of limits go along; an excess leaves nothing more to take. What is left of a gift
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
  FOR second IN SELECT r.* FROM redemption r JOIN gift_given g USING (member_id, given_id)
      WHERE r.member_id = dst AND r.state IN ('placed', 'ready') AND g.state = 'superseded' ORDER BY r.reward_id, r.slot LOOP
    PERFORM mall_undo(second, call || '{"cancelReason": "gift_superseded"}');
  END LOOP;
  RETURN '{}';
END $$;

-- The points mall: what there is, and the exchange. Protects: I-M1 (a slot or a piece is taken by the write that decides,
-- CHECKs and keys behind it), I-M2 (points and redemption in one statement), I-L5 (request, effect). The rules are those of
-- shared/src/mall.ts; a test asks both.

-- All that the mall's page reads, in one round trip; without a member for guests. {memberId, at} → {account, tier, rewards}
CREATE OR REPLACE FUNCTION mall_list(call jsonb) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
  me uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  RETURN json_build_object(
    'account', (SELECT json_build_object('points', available_points, 'debtPoints', debt_points) FROM account WHERE member_id = me),
    'tier', (SELECT tier FROM standing WHERE member_id = me),
    'rewards', (SELECT coalesce(json_agg(json_build_object('rewardId', r.reward_id, 'title', r.title, 'subtitle', r.subtitle,
        'art', r.art, 'kind', r.kind, 'points', r.points, 'marketFen', r.market_fen, 'tierGate', r.tier_gate,
        'perPersonLimit', r.per_person_limit, 'stockTotal', r.stock_total, 'left', mall_left(r), 'numbered', r.numbered,
        'publicAt', iso_text(r.public_at), 'earlyTier', r.early_tier, 'earlyHours', r.early_hours, 'endsAt', iso_text(r.ends_at),
        'prepareHours', r.prepare_hours, 'pickupDays', r.pickup_days, 'rules', r.rules, 'takenByMe', coalesce(q.taken, 0))
        ORDER BY coalesce(r.ends_at <= now_at, false), r.position, r.reward_id), '[]')
      FROM reward r LEFT JOIN reward_quota q ON q.member_id = me AND q.reward_id = r.reward_id
      WHERE r.listed AND (r.ends_at IS NULL OR r.ends_at > now_at - interval '7 days')));
END $$;

-- How many are left; NULL without limit.
CREATE OR REPLACE FUNCTION mall_left(item reward) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.stock_total IS NULL THEN RETURN NULL; END IF;
  IF item.numbered THEN
    RETURN (SELECT count(*) FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN (SELECT coalesce(sum(remaining), 0) FROM reward_stock WHERE reward_id = item.reward_id);
END $$;

-- Exchanges points for a reward. {request, memberId, redemptionId, rewardId, points, at} → {redemption, pointsAfter}
-- Refuses NOT_FOUND, REWARD_CHANGED, REWARD_OVER, REWARD_NOT_OPEN, TIER_NEEDED, REWARD_LIMIT, REWARD_GONE, IN_DEBT,
-- POINTS_SHORT, BUSY.
CREATE OR REPLACE FUNCTION mall_exchange(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  item reward;
  spent jsonb;
  placed redemption;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO item FROM reward WHERE reward_id = call->>'rewardId' AND listed;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "reward"}'); END IF;
  PERFORM mall_admit(member, item, call);
  spent := ledger_spend(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'redemption',
    'sourceId', call->'redemptionId', 'points', item.points, 'reason', 'exchange',
    'detail', jsonb_build_object('title', item.title)));
  placed := mall_place(item, jsonb_build_object('memberId', member, 'redemptionId', call->'redemptionId', 'at', call->'at',
    'origin', 'mall', 'points', item.points));
  RETURN request_end(call->'request', jsonb_build_object(
    'redemption', mall_row(placed, item), 'pointsAfter', spent->'available'));
END $$;

-- Whether this member may have this reward now, and takes their share of the limit. The member is held.
CREATE OR REPLACE FUNCTION mall_admit(member uuid, item reward, call jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  own_tier int := (SELECT tier FROM standing WHERE member_id = member);
  opens_at timestamptz := item.public_at
    - CASE WHEN own_tier >= item.early_tier THEN make_interval(hours => item.early_hours) ELSE interval '0' END;
BEGIN
  IF item.points <> (call->>'points')::int THEN
    PERFORM refuse('REWARD_CHANGED', jsonb_build_object('points', item.points));
  END IF;
  IF item.ends_at <= now_at THEN PERFORM refuse('REWARD_OVER'); END IF;
  IF opens_at > now_at THEN PERFORM refuse('REWARD_NOT_OPEN', jsonb_build_object('opensAt', iso_text(opens_at))); END IF;
  IF own_tier < item.tier_gate THEN PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', item.tier_gate)); END IF;
  INSERT INTO reward_quota (member_id, reward_id, taken) VALUES (member, item.reward_id, 1)
    ON CONFLICT (member_id, reward_id) DO UPDATE SET taken = reward_quota.taken + 1
      WHERE item.per_person_limit IS NULL OR reward_quota.taken < item.per_person_limit;
  IF NOT FOUND THEN PERFORM refuse('REWARD_LIMIT', jsonb_build_object('limit', item.per_person_limit)); END IF;
  -- saves the way to the last slot when everything is gone; the slot itself decides
  IF item.stock_total IS NOT NULL AND NOT mall_any_left(item) THEN PERFORM refuse('REWARD_GONE'); END IF;
END $$;

CREATE OR REPLACE FUNCTION mall_any_left(item reward) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF item.numbered THEN
    RETURN EXISTS (SELECT 1 FROM reward_piece WHERE reward_id = item.reward_id AND member_id IS NULL);
  END IF;
  RETURN EXISTS (SELECT 1 FROM reward_stock WHERE reward_id = item.reward_id AND remaining > 0);
END $$;

-- Writes a redemption. What many want at once, coupon template and stock, is taken last and held shortest.
-- {memberId, redemptionId, at, origin, points, givenId, days}
CREATE OR REPLACE FUNCTION mall_place(item reward, call jsonb) RETURNS redemption
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  id uuid := (call->>'redemptionId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  ready_at timestamptz := now_at + make_interval(hours => item.prepare_hours);
  pickup_by timestamptz := mall_pickup_by(ready_at, coalesce((call->>'days')::int, item.pickup_days));
  at_once boolean := item.kind = 'coupon';
  coupon jsonb;
  gone text := CASE call->>'origin' WHEN 'gift' THEN 'GIFT_GONE' ELSE 'REWARD_GONE' END;
  slot int;
  piece int;
  placed redemption;
BEGIN
  IF at_once THEN
    coupon := mall_grant(item, call);
    ready_at := now_at;
    pickup_by := (coupon->>'expiresAt')::timestamptz;
  ELSIF item.prepare_hours = 0 THEN
    PERFORM mall_draw_code(member, id);
  END IF;
  IF item.numbered THEN piece := mall_take_piece(item.reward_id, member, id, gone);
  ELSIF item.stock_total IS NOT NULL THEN slot := mall_take_slot(item.reward_id, gone);
  END IF;
  INSERT INTO redemption (member_id, redemption_id, reward_id, origin, given_id, title, points, state, piece_no, slot, coupon_id,
      placed_at, ready_at, pickup_by, finished_at)
    VALUES (member, id, item.reward_id, call->>'origin', (call->>'givenId')::uuid, item.title, (call->>'points')::int,
      CASE WHEN at_once THEN 'done' WHEN item.prepare_hours = 0 THEN 'ready' ELSE 'placed' END, piece, slot,
      (coupon->>'couponId')::uuid, now_at, ready_at, pickup_by, CASE WHEN at_once THEN now_at END) RETURNING * INTO placed;
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

-- Takes one of a slot that nobody holds, starting anywhere; where all are held, waits for one. Refuses what `gone` says.
CREATE OR REPLACE FUNCTION mall_take_slot(which text, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  start int := floor(random() * 64);
  taken int;
BEGIN
  SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
    ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    SELECT slot INTO taken FROM reward_stock WHERE reward_id = which AND remaining > 0
      ORDER BY (slot + start) % 64 LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse(gone); END IF;
  END IF;
  UPDATE reward_stock SET remaining = remaining - 1 WHERE reward_id = which AND slot = taken;
  RETURN taken;
END $$;

-- Takes the lowest piece that nobody holds, in the same way.
CREATE OR REPLACE FUNCTION mall_take_piece(which text, member uuid, id uuid, gone text) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  taken int;
BEGIN
  SELECT piece_no INTO taken FROM reward_piece WHERE reward_id = which AND member_id IS NULL
    ORDER BY piece_no LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    SELECT piece_no INTO taken FROM reward_piece WHERE reward_id = which AND member_id IS NULL
      ORDER BY piece_no LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN PERFORM refuse(gone); END IF;
  END IF;
  UPDATE reward_piece SET member_id = member, redemption_id = id WHERE reward_id = which AND piece_no = taken;
  RETURN taken;
END $$;

-- The last millisecond of the business day, `days` after the one it is ready on.
CREATE OR REPLACE FUNCTION mall_pickup_by(ready_at timestamptz, days int) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT (date_trunc('day', ready_at AT TIME ZONE 'Asia/Shanghai') + make_interval(days => days + 1))
    AT TIME ZONE 'Asia/Shanghai' - interval '1 millisecond'
$$;

-- A redemption as its owner sees it; the code only while it can be picked up.
CREATE OR REPLACE FUNCTION mall_row(r redemption, item reward) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  store_name text;
  pickup_code text;
BEGIN
  IF r.store_id IS NOT NULL THEN store_name := (SELECT name FROM store WHERE store_id = r.store_id); END IF;
  IF r.state = 'ready' THEN
    pickup_code := (SELECT code FROM pickup_code c WHERE c.member_id = r.member_id AND c.redemption_id = r.redemption_id);
  END IF;
  RETURN jsonb_build_object('redemptionId', r.redemption_id, 'rewardId', r.reward_id, 'title', r.title, 'art', item.art,
    'kind', item.kind, 'origin', r.origin, 'points', r.points, 'state', r.state, 'cancelReason', r.cancel_reason,
    'pieceNo', r.piece_no, 'stockTotal', item.stock_total, 'placedAt', iso_text(r.placed_at), 'readyAt', iso_text(r.ready_at),
    'pickupBy', iso_text(r.pickup_by), 'finishedAt', iso_text(r.finished_at), 'couponId', r.coupon_id,
    'storeName', store_name, 'pickupCode', pickup_code);
END $$;

CREATE OR REPLACE FUNCTION mall_shown(owner uuid, id uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT mall_row(r, item) FROM redemption r JOIN reward item USING (reward_id) WHERE r.member_id = owner AND r.redemption_id = id
$$;

-- A member's redemptions, newest first. {memberId, before, limit} → [redemption]
CREATE OR REPLACE FUNCTION mall_redemptions(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(mall_row(page, item) ORDER BY page.redemption_id DESC), '[]') FROM (
    SELECT * FROM redemption WHERE member_id = (call->>'memberId')::uuid
        AND (call->>'before' IS NULL OR redemption_id < (call->>'before')::uuid)
      ORDER BY redemption_id DESC LIMIT (call->>'limit')::int) page JOIN reward item USING (reward_id)
$$;

-- The other record becomes a signpost: its identities, numbers, consents and open claims go to the survivor.
-- Printed numbers keep scanning for ever (I-ID5). Locks both members in id order first. {from, to, at, newAfterDays}
CREATE OR REPLACE FUNCTION member_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
BEGIN
  -- an older server beside this one knows nothing of coupons, exchanges and friends: it would leave them behind
  IF NOT call ? 'newAfterDays' THEN PERFORM refuse('BUSY'); END IF;
  PERFORM 1 FROM member WHERE member_id IN (src, dst) ORDER BY member_id FOR UPDATE;
  -- merged by somebody else meanwhile: the caller looks again who is who
  IF EXISTS (SELECT 1 FROM member WHERE member_id IN (src, dst) AND status = 'merged') THEN PERFORM refuse('BUSY'); END IF;
  IF (SELECT count(*) FROM member WHERE member_id IN (src, dst) AND status = 'active') <> 2 THEN
    PERFORM refuse('MERGE_BLOCKED', '{"blocker": "not_active"}');
  END IF;
  UPDATE identity SET member_id = dst WHERE member_id = src;
  -- a person has one phone here: the newest
  DELETE FROM identity old USING identity new
    WHERE old.member_id = dst AND new.member_id = dst AND old.kind = 'phone' AND new.kind = 'phone'
      AND (old.proven_at, old.subject) < (new.proven_at, new.subject);
  UPDATE member_no SET member_id = dst WHERE member_id = src;
  INSERT INTO consent (member_id, document, version, granted_at, withdrawn_at)
    SELECT dst, document, version, granted_at, withdrawn_at FROM consent WHERE member_id = src
    ON CONFLICT (member_id, document, version) DO UPDATE SET granted_at = least(consent.granted_at, excluded.granted_at);
  DELETE FROM consent WHERE member_id = src;
  UPDATE claim SET settled_at = (call->>'at')::timestamptz
    WHERE settled_at IS NULL AND ((member_id = dst AND holder_id = src) OR (member_id = src AND holder_id = dst));
  UPDATE claim SET member_id = dst WHERE member_id = src;
  UPDATE claim SET holder_id = dst WHERE holder_id = src;
  UPDATE member SET merged_into = dst WHERE merged_into = src;
  UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz),
      name_sealed = coalesce(name_sealed, (SELECT o.name_sealed FROM member o WHERE o.member_id = src)) WHERE member_id = dst;
  UPDATE member SET status = 'merged', merged_into = dst, name_sealed = NULL WHERE member_id = src;
  RETURN '{}';
END $$;

-- Serialises everybody who holds one of these proofs just now, in one order for all. {keys: [text]}
CREATE OR REPLACE FUNCTION member_lock_proofs(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  proof text;
BEGIN
  FOR proof IN SELECT value FROM jsonb_array_elements_text(call->'keys') ORDER BY value COLLATE "C" LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(proof, 1));
  END LOOP;
  RETURN '{}';
END $$;

-- Writes a new person. {memberId, memberNo, nameSealed (base64 or null), at, arrival} → {created} (false: number taken)
CREATE OR REPLACE FUNCTION member_create(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO member_no (member_no, member_id) VALUES (call->>'memberNo', (call->>'memberId')::uuid) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '{"created": false}'; END IF;
  INSERT INTO member (member_id, member_no, name_sealed, joined_at, last_active_at, join_channel, join_link, join_store_id, join_scene)
    VALUES ((call->>'memberId')::uuid, call->>'memberNo', decode(call->>'nameSealed', 'base64'), (call->>'at')::timestamptz,
            (call->>'at')::timestamptz, call->'arrival'->>'channel', call->'arrival'->>'link', call->'arrival'->>'storeId',
            (call->'arrival'->>'scene')::int);
  RETURN '{"created": true}';
END $$;

-- Attaches proofs to a member; a phone may come from another member (it was just proven here), nothing else may.
-- Protects I-ID1: the primary key decides. {memberId, at, proofs: [{kind, issuer, subject, sealed}]}
CREATE OR REPLACE FUNCTION member_attach(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  proof jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id = who AND status = 'active' FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
  FOR proof IN SELECT value FROM jsonb_array_elements(call->'proofs') LOOP
    INSERT INTO identity (kind, issuer, subject, member_id, subject_sealed, proven_at, first_at)
      VALUES (proof->>'kind', proof->>'issuer', proof->>'subject', who, decode(proof->>'sealed', 'base64'), now_at, now_at)
      ON CONFLICT (kind, issuer, subject) DO UPDATE SET proven_at = excluded.proven_at, member_id = excluded.member_id
        WHERE identity.member_id = who OR identity.kind = 'phone';
    IF NOT FOUND THEN PERFORM refuse('BUSY'); END IF;
    -- a person has one phone here: the newest
    IF proof->>'kind' = 'phone' THEN
      DELETE FROM identity WHERE kind = 'phone' AND member_id = who AND subject <> proof->>'subject';
    END IF;
  END LOOP;
  UPDATE member SET last_active_at = greatest(last_active_at, now_at) WHERE member_id = who;
  RETURN '{}';
END $$;

-- One look at the second proof, counted before it is judged. Looks come one after the other: both members are locked
-- first, in id order like in a merge. {memberId, claimId, at} → {holderId, triesLeft} or NULL
CREATE OR REPLACE FUNCTION member_try_claim(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  look jsonb;
BEGIN
  PERFORM 1 FROM member WHERE member_id IN (SELECT unnest(ARRAY[c.member_id, c.holder_id]) FROM claim c
      WHERE c.member_id = (call->>'memberId')::uuid AND c.claim_id = (call->>'claimId')::uuid)
    ORDER BY member_id FOR UPDATE;
  UPDATE claim SET tries_left = tries_left - 1
    WHERE member_id = (call->>'memberId')::uuid AND claim_id = (call->>'claimId')::uuid
      AND settled_at IS NULL AND tries_left > 0 AND expires_at > (call->>'at')::timestamptz
    RETURNING jsonb_build_object('holderId', holder_id, 'triesLeft', tries_left) INTO look;
  RETURN look;
END $$;

-- When this person first joined by agreeing: the first WeChat identity or the first consent, on any record that became this
-- one. NULL for a card that nobody has joined with yet.
CREATE OR REPLACE FUNCTION member_new_since(who uuid) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT least(
    (SELECT min(first_at) FROM identity WHERE member_id = who AND kind IN ('wechat_openid', 'wechat_unionid')),
    (SELECT min(granted_at) FROM consent WHERE member_id = who))
$$;

-- Holds a member for one verb: verbs of one member come one after the other, and a merge waits or is seen.
CREATE OR REPLACE FUNCTION member_hold(who uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = who FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  IF state IS DISTINCT FROM 'active' THEN PERFORM refuse('MEMBER_UNKNOWN'); END IF;
END $$;

-- What a member does for the brand. Protects I-O1 (the member is held, one undertaking an obligation by index, the award
-- claims its effect), the budget (a conditional write with a CHECK behind it) and the cooldown between two steps.
-- Which state a step leads to is the rule's table, handed in as {steps}.

-- The obligations that somebody can see: running or to come, and the ones taken part in. {memberId, at}
-- → {tier, obligations, honours}
CREATE OR REPLACE FUNCTION obligation_list(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who uuid := (call->>'memberId')::uuid;
BEGIN
  RETURN jsonb_build_object(
    'obligations', (SELECT coalesce(jsonb_agg(obligation_row(who, seen.obligation_id) ORDER BY seen.position, seen.obligation_id), '[]')
      FROM (SELECT o.obligation_id, o.position FROM obligation o
        WHERE o.ends_at > (call->>'at')::timestamptz OR EXISTS (SELECT 1 FROM obligation_instance i
          WHERE i.member_id = who AND i.obligation_id = o.obligation_id AND i.state <> 'superseded')
        ORDER BY o.ends_at DESC, o.obligation_id LIMIT 50) seen),
    'honours', (SELECT coalesce(jsonb_agg(jsonb_build_object('honourId', h.honour_id, 'name', h.name, 'mark', h.mark,
        'words', h.words, 'grantedAt', own.granted_at, 'expiresAt', own.expires_at) ORDER BY h.position, h.honour_id), '[]')
      FROM honour h LEFT JOIN honour_held own ON own.member_id = who AND own.honour_id = h.honour_id));
END $$;

-- One obligation as it stands for one member; NULL when there is none of that id.
CREATE OR REPLACE FUNCTION obligation_row(who uuid, wanted text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('obligationId', o.obligation_id, 'kind', o.kind, 'title', o.title, 'words', o.words,
      'mark', o.mark, 'target', o.target, 'proof', o.proof, 'tierGate', o.tier_gate, 'cooldownHours', o.cooldown_hours,
      'storeId', o.store_id, 'storeName', shop.name, 'rewardPoints', o.reward_points, 'honourName', h.name,
      'startsAt', o.starts_at, 'endsAt', o.ends_at, 'tier', coalesce(own.tier, 1), 'state', coalesce(i.state, 'open'),
      'progress', coalesce(i.progress, 0), 'acceptedAt', i.accepted_at, 'lastProofAt', i.last_proof_at,
      'finishedAt', i.finished_at)
    FROM obligation o LEFT JOIN store shop USING (store_id) LEFT JOIN honour h USING (honour_id)
    LEFT JOIN standing own ON own.member_id = who
    LEFT JOIN obligation_instance i ON i.member_id = who AND i.obligation_id = o.obligation_id AND i.state <> 'superseded'
    WHERE o.obligation_id = wanted
$$;

-- Refuses what cannot be taken up or gone on with now, in the order of the rule. The member is held already.
CREATE OR REPLACE FUNCTION obligation_may(call jsonb, duty obligation, held text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  IF duty.obligation_id IS NULL THEN PERFORM refuse('NOT_FOUND', '{"noun": "obligation"}'); END IF;
  IF call->'steps'->held->>'proof' IS NULL THEN
    PERFORM refuse(CASE held WHEN 'lapsed' THEN 'OBLIGATION_OVER' ELSE 'OBLIGATION_DONE' END);
  END IF;
  IF now_at < duty.starts_at THEN
    PERFORM refuse('OBLIGATION_NOT_OPEN', jsonb_build_object('opensAt', iso_text(duty.starts_at)));
  END IF;
  IF now_at >= duty.ends_at THEN PERFORM refuse('OBLIGATION_OVER'); END IF;
  IF held = 'open' AND (SELECT tier FROM standing WHERE member_id = (call->>'memberId')::uuid) < duty.tier_gate THEN
    PERFORM refuse('TIER_NEEDED', jsonb_build_object('tier', duty.tier_gate));
  END IF;
END $$;

-- Takes an obligation up; who has done so before is answered the same. {request, memberId, obligationId, instanceId, at, steps}
CREATE OR REPLACE FUNCTION obligation_accept(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  known jsonb := request_begin(call->'request');
  duty obligation;
  held text;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  PERFORM member_hold(member);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  SELECT state INTO held FROM obligation_instance
    WHERE member_id = member AND obligation_id = duty.obligation_id AND state <> 'superseded';
  PERFORM obligation_may(call, duty, coalesce(held, 'open'));
  IF held IS NULL THEN
    INSERT INTO obligation_instance (member_id, instance_id, obligation_id, state, accepted_at)
      VALUES (member, (call->>'instanceId')::uuid, duty.obligation_id, call->'steps'->'open'->>'accept', (call->>'at')::timestamptz);
  END IF;
  RETURN request_end(call->'request', obligation_row(member, duty.obligation_id));
END $$;

-- Confirms one step at the counter, and at the goal gives what was promised. Who had not taken it up does so by it.
-- {request, staffId, memberId, visitId, obligationId, instanceId, proofId, at, steps, honourUntil, expiresAt}
-- → {title, progress, target, rewarded: {points, honourName} | null}
CREATE OR REPLACE FUNCTION obligation_check_in(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  here visit;
  duty obligation;
  held obligation_instance;
  rewarded jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  here := visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at);
  SELECT * INTO duty FROM obligation WHERE obligation_id = call->>'obligationId';
  SELECT * INTO held FROM obligation_instance
    WHERE member_id = member AND obligation_id = duty.obligation_id AND state <> 'superseded';
  PERFORM obligation_may(call, duty, coalesce(held.state, 'open'));
  PERFORM obligation_may_here(duty, held, own.store_id, here.visit_id, here.expires_at, now_at);

  held.instance_id := coalesce(held.instance_id, (call->>'instanceId')::uuid);
  held.progress := coalesce(held.progress, 0) + 1;
  INSERT INTO obligation_proof (member_id, proof_id, instance_id, visit_id, store_id, staff_id, at)
    VALUES (member, (call->>'proofId')::uuid, held.instance_id, here.visit_id, own.store_id, own.member_id, now_at);
  IF held.progress >= duty.target THEN
    rewarded := obligation_reward(call, duty, held.instance_id);
  END IF;
  PERFORM obligation_step(call, duty.obligation_id, held, coalesce(rewarded->>'step', 'proof'));
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'obligation.checkIn', 'subject', held.instance_id, 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('title', duty.title, 'progress', held.progress,
    'target', duty.target, 'rewarded', rewarded - 'step'));
END $$;

-- Refuses a step in another shop, one too soon after the last, and a second one in the same visit.
CREATE OR REPLACE FUNCTION obligation_may_here(duty obligation, held obligation_instance, in_store text, in_visit uuid,
  visit_ends timestamptz, now_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  next_at timestamptz := held.last_proof_at + make_interval(hours => duty.cooldown_hours);
BEGIN
  IF duty.store_id <> in_store THEN
    PERFORM refuse('OBLIGATION_ELSEWHERE', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = duty.store_id)));
  END IF;
  IF next_at > now_at THEN PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(next_at))); END IF;
  IF EXISTS (SELECT 1 FROM obligation_proof
      WHERE member_id = held.member_id AND instance_id = held.instance_id AND visit_id = in_visit) THEN
    PERFORM refuse('CHECKIN_TOO_SOON', jsonb_build_object('until', iso_text(visit_ends)));
  END IF;
END $$;

-- Writes the instance after a step.
CREATE OR REPLACE FUNCTION obligation_step(call jsonb, of_obligation text, held obligation_instance, step text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  next_state text := call->'steps'->coalesce(held.state, 'open')->>step;
BEGIN
  INSERT INTO obligation_instance AS mine (member_id, instance_id, obligation_id, state, progress, accepted_at, last_proof_at, finished_at, reason)
    VALUES ((call->>'memberId')::uuid, held.instance_id, of_obligation, next_state, held.progress, now_at, now_at,
            CASE WHEN step <> 'proof' THEN now_at END, CASE WHEN step = 'approve' THEN 'budget' END)
    ON CONFLICT (member_id, instance_id) DO UPDATE SET state = excluded.state, progress = excluded.progress,
      last_proof_at = excluded.last_proof_at, finished_at = excluded.finished_at, reason = excluded.reason;
END $$;

-- The later of two ends; none at all is the latest.
CREATE OR REPLACE FUNCTION honour_longer(a timestamptz, b timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN greatest(a, b) END $$;

-- Gives the honour, and the points while the budget lasts; the honour does not depend on it. The account is held before
-- the obligation's own row, which many want at once. → {points, honourName, step}
CREATE OR REPLACE FUNCTION obligation_reward(call jsonb, duty obligation, instance uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  paid boolean := true;
BEGIN
  INSERT INTO honour_held AS own (member_id, honour_id, granted_at, expires_at)
    SELECT member, duty.honour_id, (call->>'at')::timestamptz, (call->>'honourUntil')::timestamptz WHERE duty.honour_id IS NOT NULL
    ON CONFLICT (member_id, honour_id) DO UPDATE SET
      expires_at = honour_longer(own.expires_at, excluded.expires_at);
  IF duty.reward_points > 0 THEN
    PERFORM ledger_hold(member, (call->>'at')::timestamptz);
    UPDATE obligation SET spent_points = spent_points + duty.reward_points
      WHERE obligation_id = duty.obligation_id AND spent_points + duty.reward_points <= budget_points;
    paid := FOUND;
    IF paid THEN
      PERFORM ledger_award(jsonb_build_object('memberId', member, 'at', call->'at', 'kind', 'obligation', 'sourceId', instance,
        'points', duty.reward_points, 'growth', 0, 'activeAt', call->'at', 'expiresAt', call->'expiresAt',
        'reason', 'obligation', 'detail', jsonb_build_object('title', duty.title)));
    END IF;
  END IF;
  RETURN jsonb_build_object('points', CASE WHEN paid THEN duty.reward_points ELSE 0 END,
    'honourName', (SELECT name FROM honour WHERE honour_id = duty.honour_id),
    'step', CASE WHEN paid THEN 'reward' ELSE 'approve' END);
END $$;

-- Of two undertakings of one obligation the one further along stays, the other is superseded and can give nothing more;
-- the cooldown runs from the later step of both. Honours are joined, the longer term counts. {from, to, at}
CREATE OR REPLACE FUNCTION obligation_merge(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  src uuid := (call->>'from')::uuid;
  dst uuid := (call->>'to')::uuid;
  ranks text[] := ARRAY['lapsed', 'accepted', 'in_progress', 'approved', 'rewarded'];
BEGIN
  UPDATE obligation_instance mine SET last_proof_at = greatest(mine.last_proof_at, other.last_proof_at),
      accepted_at = least(mine.accepted_at, other.accepted_at)
    FROM obligation_instance other
    WHERE mine.member_id IN (src, dst) AND other.member_id IN (src, dst) AND other.member_id <> mine.member_id
      AND other.obligation_id = mine.obligation_id AND mine.state <> 'superseded' AND other.state <> 'superseded';
  UPDATE obligation_instance lost SET state = 'superseded' FROM obligation_instance kept
    WHERE lost.member_id IN (src, dst) AND kept.member_id IN (src, dst) AND kept.member_id <> lost.member_id
      AND kept.obligation_id = lost.obligation_id AND lost.state <> 'superseded' AND kept.state <> 'superseded'
      AND (array_position(ranks, kept.state::text), kept.progress, coalesce(lost.finished_at, 'infinity'), kept.instance_id)
        > (array_position(ranks, lost.state::text), lost.progress, coalesce(kept.finished_at, 'infinity'), lost.instance_id);
  UPDATE obligation_instance SET member_id = dst WHERE member_id = src;
  UPDATE obligation_proof SET member_id = dst WHERE member_id = src;
  INSERT INTO honour_held AS own (member_id, honour_id, granted_at, expires_at)
    SELECT dst, honour_id, granted_at, expires_at FROM honour_held WHERE member_id = src
    ON CONFLICT (member_id, honour_id) DO UPDATE SET granted_at = least(own.granted_at, excluded.granted_at),
      expires_at = honour_longer(own.expires_at, excluded.expires_at);
  DELETE FROM honour_held WHERE member_id = src;
  RETURN '{}';
END $$;

-- Takes a whole purchase back: state, points, growth, tier, the handlers of other nouns (its coupon and packet among them)
-- and the audit entry, in one statement. Protects I-P4; the purchase's state decides between two returns.
-- {request, staffId, memberId, orderId, visitId, until, at, growthMonths, ladder, along}
-- An order of another store needs the live visit in which it was shown; a clerk is bound to `until`.
CREATE OR REPLACE FUNCTION order_return(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  member uuid := (call->>'memberId')::uuid;
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  back purchase;
  taken jsonb;
  lowered jsonb;
  answers jsonb;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := staff_at_till((call->>'staffId')::uuid, NULL);
  PERFORM member_hold(member);
  SELECT * INTO back FROM purchase WHERE member_id = member AND order_id = (call->>'orderId')::uuid FOR UPDATE;
  IF NOT FOUND THEN PERFORM refuse('NOT_FOUND', '{"noun": "order"}'); END IF;
  IF back.store_id <> own.store_id THEN PERFORM visit_by_code(member, (call->>'visitId')::uuid, own.store_id, now_at); END IF;
  IF back.state = 'returned' THEN PERFORM refuse('RETURN_DONE'); END IF;
  IF own.role = 'clerk' AND (call->>'until')::timestamptz < now_at THEN
    PERFORM refuse('RETURN_OVER', jsonb_build_object('until', call->'until'));
  END IF;
  UPDATE purchase SET state = 'returned', returned_at = now_at, returned_by = own.member_id
    WHERE member_id = member AND order_id = back.order_id AND state = 'settled';
  taken := ledger_take_back(order_still_held(back, now_at, (call->>'growthMonths')::int) || jsonb_build_object('memberId', member,
    'at', call->'at', 'kind', 'order', 'sourceId', call->>'orderId', 'reason', 'purchase_returned',
    'detail', jsonb_build_object('storeName', (SELECT name FROM store WHERE store_id = back.store_id), 'amountFen', back.amount_fen,
                                 'earnedAt', iso_text(back.settled_at))));
  lowered := tier_lower(call || jsonb_build_object('growth', taken->'growthAfter'));
  answers := run_handlers(call->'along');
  PERFORM order_audit(call, own, 'order.return', call->>'orderId');
  RETURN request_end(call->'request', jsonb_build_object('orderNo', back.order_no, 'refundedFen', back.amount_fen,
    'points', jsonb_build_object('pending', taken->'pending', 'available', taken->'available', 'debt', taken->'debt'),
    'growth', taken->'growth', 'coupon', answers->'coupon_return'->'coupon', 'packet', answers->'coupon_return'->'packet',
    'tierBefore', lowered->'before', 'tierAfter', lowered->'after'));
END $$;

-- What of an order's award has not gone by itself: points that ended with their lot and growth that left the window are not
-- taken a second time. They may have stood with any record that became this member. → {points, growth}
CREATE OR REPLACE FUNCTION order_still_held(back purchase, now_at timestamptz, growth_months int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  earners uuid[];
  ended int;
  growth_gone boolean;
BEGIN
  -- brings the lots up to date first
  PERFORM ledger_hold(back.member_id, now_at);
  SELECT array_agg(member_id) INTO earners FROM member WHERE member_id = back.member_id OR merged_into = back.member_id;
  SELECT coalesce(sum(t.amount), 0) INTO ended FROM lot JOIN transfer t USING (member_id, lot_id)
    WHERE lot.member_id = ANY (earners) AND lot.effect_kind = 'order' AND lot.effect_source = back.order_id::text AND t.reason = 'expired';
  growth_gone := EXISTS (SELECT 1 FROM transfer WHERE member_id = ANY (earners) AND reason = 'growth_expired'
    AND at > back.settled_at + make_interval(months => growth_months));
  RETURN jsonb_build_object('points', back.points - ended, 'growth', CASE WHEN growth_gone THEN 0 ELSE back.growth END);
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

-- What a store took between two instants and kept. {storeId, from, to} → {count, amountFen, points, members}
CREATE OR REPLACE FUNCTION order_shift_totals(call jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('count', count(*), 'amountFen', coalesce(sum(amount_fen), 0),
      'points', coalesce(sum(points), 0), 'members', count(DISTINCT member_id))
    FROM purchase WHERE store_id = call->>'storeId' AND state = 'settled'
      AND settled_at >= (call->>'from')::timestamptz AND settled_at <= (call->>'to')::timestamptz
$$;

CREATE OR REPLACE FUNCTION order_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE purchase SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
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

-- The friend's purchase was taken back (I-F4): what is held ends, what was paid is taken back, into debt if it is spent.
-- {memberId, orderId, at} → {referralId, takenBack} or NULL
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

-- A command's replay. The advisory lock makes a re-sent command wait for the first one's answer; the primary
-- key of "request" stands behind it. A key used for another body is refused, never answered.

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
  PERFORM pg_advisory_xact_lock(hashtextextended(
    (call->>'actor') || '|' || (call->>'verb') || '|' || (call->>'requestId'), 0));
  SELECT body_hash, answer INTO found_hash, found_answer FROM request
    WHERE actor = call->>'actor' AND verb = call->>'verb' AND request_id = (call->>'requestId')::uuid;
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

CREATE OR REPLACE FUNCTION session_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE session SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;

-- Whether this place is still signed in; asked by every member every few seconds, so it is not asked through Prisma.
-- {memberId, sessionId} → boolean
CREATE OR REPLACE FUNCTION session_live(call jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(EXISTS (SELECT 1 FROM session WHERE member_id = (call->>'memberId')::uuid
    AND session_id = (call->>'sessionId')::uuid AND revoked_at IS NULL));
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
  INSERT INTO standing (member_id, tier, since, valid_until)
    VALUES ((call->>'memberId')::uuid, 1, (call->>'at')::timestamptz, (call->>'validUntil')::timestamptz) ON CONFLICT DO NOTHING;
  SELECT '{}'::jsonb
$$;

-- Protects I-S1: the handle's newest spent step only grows, so a code opens one visit anywhere and an older
-- photograph opens none. Locks in one order: till, member, handle, audit chain; a merge takes the member first, too.

-- Holds the till, so that tries at one till are judged one after the other and none slips past the limit.
CREATE OR REPLACE FUNCTION visit_hold_till(call jsonb) RETURNS staff
LANGUAGE plpgsql AS $$
DECLARE
  own staff := staff_at_till((call->>'staffId')::uuid, call->>'tillId');
  here till;
BEGIN
  SELECT * INTO here FROM till WHERE store_id = own.store_id AND till_id = call->>'tillId' FOR UPDATE;
  IF here.failures >= (call->>'tillLimit')::int AND here.failures_from > (call->>'at')::timestamptz - interval '1 hour' THEN
    PERFORM refuse('TILL_LOCKED', jsonb_build_object('until', iso_text(here.failures_from + interval '1 hour')));
  END IF;
  RETURN own;
END $$;

-- Holds the member against a merge. False when there is none to visit; BUSY when a merge has just moved it.
CREATE OR REPLACE FUNCTION visit_hold_member(owner uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  state text;
BEGIN
  SELECT status INTO state FROM member m WHERE m.member_id = owner FOR NO KEY UPDATE;
  IF state = 'merged' THEN PERFORM refuse('BUSY'); END IF;
  RETURN coalesce(state = 'active', false);
END $$;

-- Counts a try that found nobody. Within an hour of the first the count grows; the one that reaches the limit
-- starts an hour of lock.
CREATE OR REPLACE FUNCTION visit_till_failure(call jsonb, own staff) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
BEGIN
  UPDATE till SET
      failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
      failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < (call->>'tillLimit')::int
                           THEN failures_from ELSE now_at END
    WHERE store_id = own.store_id AND till_id = call->>'tillId';
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'visit.miss', 'subject', call->>'tillId', 'bodyHash', call->'request'->>'bodyHash'));
END $$;

-- Spends a scanned code and opens the visit. {step} is the step whose tag matched, or null when none did.
-- {request, staffId, tillId, handle, step, at, expiresAt, visitId, handleLimit, tillLimit}
-- → {visit} | {fault: {code, detail}} (a wrong code must stay counted, so it is answered, not raised)
CREATE OR REPLACE FUNCTION visit_scan(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  known jsonb := request_begin(call->'request');
  own staff;
  owner uuid;
  phone device_handle;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  SELECT member_id INTO owner FROM device_handle WHERE handle = call->>'handle';
  IF visit_hold_member(owner) THEN
    SELECT * INTO phone FROM device_handle WHERE handle = call->>'handle' AND revoked_at IS NULL FOR UPDATE;
    IF phone.member_id <> owner THEN PERFORM refuse('BUSY'); END IF;
  END IF;
  IF phone.failures >= (call->>'handleLimit')::int AND phone.failures_from > now_at - interval '1 hour' THEN
    PERFORM refuse('CODE_LOCKED', jsonb_build_object('until', iso_text(phone.failures_from + interval '1 hour')));
  END IF;
  IF phone.handle IS NULL OR (call->>'step') IS NULL THEN RETURN visit_wrong_code(call, own, phone); END IF;
  IF (call->>'step')::bigint <= phone.last_step THEN PERFORM refuse('CODE_USED'); END IF;
  UPDATE device_handle SET last_step = (call->>'step')::bigint WHERE handle = phone.handle;
  UPDATE device SET last_used_at = now_at WHERE member_id = owner AND device_id = phone.device_id;
  RETURN visit_write(call, own, owner, phone.handle);
END $$;

-- A success does not forgive earlier failures: the hour does.
CREATE OR REPLACE FUNCTION visit_wrong_code(call jsonb, own staff, phone device_handle) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz := (call->>'at')::timestamptz;
  max_tries int := (call->>'handleLimit')::int;
  n int := 1;
BEGIN
  IF phone.handle IS NOT NULL THEN
    UPDATE device_handle SET
        failures = CASE WHEN failures_from > now_at - interval '1 hour' THEN failures + 1 ELSE 1 END,
        failures_from = CASE WHEN failures_from > now_at - interval '1 hour' AND failures + 1 < max_tries
                             THEN failures_from ELSE now_at END
      WHERE handle = phone.handle RETURNING failures INTO n;
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', jsonb_build_object('fault', jsonb_build_object('code', 'CODE_WRONG',
    'detail', jsonb_build_object('triesLeft', greatest(0, max_tries - n)))));
END $$;

-- Writes the visit, its audit entry and the command's answer. A spoken phone is no sign of life of its holder:
-- the number may have been handed on, and silence is what protects the old record then.
CREATE OR REPLACE FUNCTION visit_write(call jsonb, own staff, owner uuid, by_handle text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  method text := coalesce(call->>'method', 'code');
BEGIN
  INSERT INTO visit (member_id, visit_id, store_id, till_id, staff_id, method, handle, step, opened_at, expires_at)
    VALUES (owner, (call->>'visitId')::uuid, own.store_id, call->>'tillId', own.member_id, method, by_handle,
            (call->>'step')::bigint, (call->>'at')::timestamptz, (call->>'expiresAt')::timestamptz);
  IF method <> 'phone' THEN
    UPDATE member SET last_active_at = greatest(last_active_at, (call->>'at')::timestamptz) WHERE member_id = owner;
  END IF;
  PERFORM audit_append(jsonb_build_object('storeId', own.store_id, 'at', call->'at', 'actorId', own.member_id,
    'verb', 'visit.' || method, 'subject', call->>'visitId', 'bodyHash', call->'request'->>'bodyHash'));
  RETURN request_end(call->'request', jsonb_build_object('visit', jsonb_build_object('memberId', owner,
    'visitId', call->>'visitId', 'method', method, 'openedAt', call->>'at', 'expiresAt', call->>'expiresAt')));
END $$;

-- Opens an earn-only visit for a member found by number or phone; {memberId} is null when nobody was found.
-- {request, staffId, tillId, memberId, method, at, expiresAt, visitId, tillLimit} → {visit} | {fault}
CREATE OR REPLACE FUNCTION visit_find(call jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  known jsonb := request_begin(call->'request');
  own staff;
BEGIN
  IF known IS NOT NULL THEN RETURN known; END IF;
  own := visit_hold_till(call);
  IF visit_hold_member((call->>'memberId')::uuid) THEN
    RETURN visit_write(call, own, (call->>'memberId')::uuid, NULL);
  END IF;
  PERFORM visit_till_failure(call, own);
  RETURN request_end(call->'request', '{"fault": {"code": "MEMBER_UNKNOWN", "detail": {}}}');
END $$;

-- The visit of a member in a store. The member is held, so a merge cannot take it along meanwhile.
CREATE OR REPLACE FUNCTION visit_in_store(member uuid, wanted uuid, at_store text) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit;
BEGIN
  SELECT * INTO stay FROM visit WHERE member_id = member AND visit_id = wanted AND store_id = at_store;
  IF NOT FOUND THEN PERFORM refuse('VISIT_UNKNOWN'); END IF;
  RETURN stay;
END $$;

-- The same, where the customer stands here now and has shown a live code.
CREATE OR REPLACE FUNCTION visit_by_code(member uuid, wanted uuid, at_store text, now_at timestamptz) RETURNS visit
LANGUAGE plpgsql STABLE AS $$
DECLARE
  stay visit := visit_in_store(member, wanted, at_store);
BEGIN
  IF stay.expires_at <= now_at THEN PERFORM refuse('VISIT_OVER'); END IF;
  IF stay.method <> 'code' THEN PERFORM refuse('CODE_NEEDED'); END IF;
  RETURN stay;
END $$;

CREATE OR REPLACE FUNCTION visit_merge(call jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  UPDATE visit SET member_id = (call->>'to')::uuid WHERE member_id = (call->>'from')::uuid;
  SELECT '{}'::jsonb
$$;
