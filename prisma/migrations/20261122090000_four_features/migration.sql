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
UPDATE "purchase" SET full_fen = amount_fen;
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
