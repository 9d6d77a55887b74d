-- AlterTable
ALTER TABLE "coupon_template" ADD COLUMN     "budget_fen" INTEGER,
ADD COLUMN     "budget_used_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "face_fen" INTEGER,
ADD COLUMN     "scope" JSONB;

-- AlterTable
ALTER TABLE "device_handle" ADD COLUMN     "public_key" BYTEA;

-- AlterTable
ALTER TABLE "gift" ADD COLUMN     "days_after" SMALLINT,
ADD COLUMN     "days_before" SMALLINT,
ADD COLUMN     "follow_up_template" VARCHAR(32),
ADD COLUMN     "right_id" VARCHAR(32),
ADD COLUMN     "rights" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "gift_given" ADD COLUMN     "converted_at" TIMESTAMPTZ(3),
ADD COLUMN     "converted_order_id" UUID,
ADD COLUMN     "followed_at" TIMESTAMPTZ(3),
ADD COLUMN     "occasion" VARCHAR(8) NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "birth_set_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "order_hold" ADD COLUMN     "coupon_ids" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "earn_percent" SMALLINT NOT NULL DEFAULT 100,
ADD COLUMN     "lines" JSONB,
ADD COLUMN     "points" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "points_off_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "right_uses" JSONB;

-- AlterTable
ALTER TABLE "purchase" ADD COLUMN     "points_off_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "points_used" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "right_uses" JSONB;

-- AlterTable
ALTER TABLE "purchase_return" ADD COLUMN     "lines" JSONB,
ADD COLUMN     "points_back" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "tablet" (
    "tablet_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "label" VARCHAR(60) NOT NULL,
    "first_sequence" BIGINT NOT NULL,
    "enrolled_by" UUID NOT NULL,
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL,
    "last_sync_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" UUID,

    CONSTRAINT "tablet_pkey" PRIMARY KEY ("tablet_id")
);

-- CreateTable
CREATE TABLE "offline_order" (
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "sequence" BIGINT NOT NULL,
    "source_id" UUID NOT NULL,
    "body_hash" CHAR(64) NOT NULL,
    "handle" CHAR(10),
    "step" BIGINT,
    "amount_fen" INTEGER NOT NULL,
    "sold_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "clash" VARCHAR(20),
    "order_id" UUID,
    "decided_by" UUID,
    "decided_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(120),

    CONSTRAINT "offline_order_pkey" PRIMARY KEY ("store_id","till_id","sequence")
);

-- CreateTable
CREATE TABLE "purchase_line" (
    "member_id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "line_no" SMALLINT NOT NULL,
    "sku" VARCHAR(32),
    "title" VARCHAR(40) NOT NULL,
    "category" VARCHAR(16),
    "qty" SMALLINT NOT NULL,
    "full_fen" INTEGER NOT NULL,
    "payable_fen" INTEGER NOT NULL,
    "returned_qty" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "purchase_line_pkey" PRIMARY KEY ("member_id","order_id","line_no")
);

-- CreateTable
CREATE TABLE "product_category" (
    "category_id" VARCHAR(16) NOT NULL,
    "title" VARCHAR(20) NOT NULL,
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "product_category_pkey" PRIMARY KEY ("category_id")
);

-- CreateTable
CREATE TABLE "product" (
    "sku" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "subtitle" VARCHAR(60) NOT NULL DEFAULT '',
    "category" VARCHAR(16) NOT NULL,
    "price_fen" INTEGER NOT NULL,
    "barcode" VARCHAR(20),
    "star" BOOLEAN NOT NULL DEFAULT false,
    "art" VARCHAR(16) NOT NULL,
    "public_at" TIMESTAMPTZ(3) NOT NULL,
    "early_hours" SMALLINT,
    "ends_at" TIMESTAMPTZ(3),
    "position" SMALLINT NOT NULL DEFAULT 0,

    CONSTRAINT "product_pkey" PRIMARY KEY ("sku")
);

-- CreateTable
CREATE TABLE "right_grant" (
    "member_id" UUID NOT NULL,
    "grant_id" UUID NOT NULL,
    "right_id" VARCHAR(32) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "effect_kind" VARCHAR(32) NOT NULL,
    "effect_source" VARCHAR(96) NOT NULL,
    "voided_at" TIMESTAMPTZ(3),

    CONSTRAINT "right_grant_pkey" PRIMARY KEY ("member_id","grant_id")
);

-- CreateTable
CREATE TABLE "right_service" (
    "member_id" UUID NOT NULL,
    "service_id" UUID NOT NULL,
    "right_id" VARCHAR(32) NOT NULL,
    "period_key" VARCHAR(10) NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "staff_id" UUID NOT NULL,
    "visit_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "right_service_pkey" PRIMARY KEY ("member_id","service_id")
);

-- CreateTable
CREATE TABLE "right_reserve" (
    "right_id" VARCHAR(32) NOT NULL,
    "reward_id" VARCHAR(32) NOT NULL,
    "pieces_left" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "right_reserve_pkey" PRIMARY KEY ("right_id")
);

-- CreateTable
CREATE TABLE "till_key" (
    "key_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "till_id" VARCHAR(32) NOT NULL,
    "label" VARCHAR(40) NOT NULL,
    "secret_sealed" BYTEA NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" UUID,

    CONSTRAINT "till_key_pkey" PRIMARY KEY ("key_id")
);

-- CreateTable
CREATE TABLE "till_nonce" (
    "key_id" UUID NOT NULL,
    "nonce" VARCHAR(64) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "till_nonce_pkey" PRIMARY KEY ("key_id","nonce")
);

-- CreateTable
CREATE TABLE "webhook" (
    "webhook_id" UUID NOT NULL,
    "store_id" VARCHAR(32) NOT NULL,
    "url" VARCHAR(400) NOT NULL,
    "events" VARCHAR(24)[],
    "secret_sealed" BYTEA NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("webhook_id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "delivery_id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "event" VARCHAR(24) NOT NULL,
    "payload" JSONB NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "last_status" SMALLINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("delivery_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "tablet_store_id_till_id_first_sequence_key" ON "tablet"("store_id", "till_id", "first_sequence");

-- CreateIndex
CREATE INDEX "offline_order_store_id_state_received_at_idx" ON "offline_order"("store_id", "state", "received_at");

-- CreateIndex
CREATE INDEX "purchase_line_member_id_sku_idx" ON "purchase_line"("member_id", "sku");

-- CreateIndex
CREATE UNIQUE INDEX "product_barcode_key" ON "product"("barcode");

-- CreateIndex
CREATE UNIQUE INDEX "right_reserve_reward_id_key" ON "right_reserve"("reward_id");

-- CreateIndex
CREATE INDEX "till_key_store_id_idx" ON "till_key"("store_id");

-- CreateIndex
CREATE INDEX "till_nonce_at_idx" ON "till_nonce"("at");

-- CreateIndex
CREATE INDEX "webhook_store_id_idx" ON "webhook"("store_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_id_created_at_idx" ON "webhook_delivery"("webhook_id", "created_at");

-- Large tables: the rows of before satisfy these by their defaults and are not read again.
ALTER TABLE "purchase" ADD CONSTRAINT purchase_points
  CHECK (points_used >= 0 AND points_off_fen >= 0 AND (points_used = 0) = (points_off_fen = 0) AND amount_fen + points_off_fen <= full_fen) NOT VALID;
ALTER TABLE "purchase_return" ADD CONSTRAINT purchase_return_points CHECK (points_back >= 0) NOT VALID;
ALTER TABLE "order_hold" ADD CONSTRAINT order_hold_points
  CHECK (points >= 0 AND points_off_fen >= 0 AND (points = 0) = (points_off_fen = 0) AND payable_fen + points_off_fen <= full_fen
    AND earn_percent BETWEEN 100 AND 1000) NOT VALID;
ALTER TABLE "visit" DROP CONSTRAINT visit_method;
ALTER TABLE "visit" ADD CONSTRAINT visit_method CHECK (method IN ('code', 'member_no', 'phone', 'offline')) NOT VALID;
ALTER TABLE "visit" DROP CONSTRAINT visit_code;
ALTER TABLE "visit" ADD CONSTRAINT visit_code
  CHECK ((handle IS NULL) = (step IS NULL) AND CASE method WHEN 'code' THEN handle IS NOT NULL WHEN 'offline' THEN true ELSE handle IS NULL END) NOT VALID;
ALTER TABLE "purchase_line" ADD CONSTRAINT purchase_line_form
  CHECK (line_no > 0 AND qty > 0 AND returned_qty BETWEEN 0 AND qty AND payable_fen BETWEEN 0 AND full_fen);
-- several coupons may pay for one order
DROP INDEX coupon_order_once;
CREATE INDEX coupon_order ON "coupon" (member_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX coupon_held ON "coupon" (member_id, hold_id) WHERE hold_id IS NOT NULL;
UPDATE coupon_template SET face_fen = CASE kind WHEN 'amount_off' THEN amount_off_fen ELSE max_off_fen END;
ALTER TABLE "coupon_template" ADD CONSTRAINT coupon_template_budget
  CHECK (budget_used_fen >= 0 AND (budget_fen IS NULL OR (face_fen IS NOT NULL AND budget_used_fen <= budget_fen)) AND face_fen > 0);
ALTER TABLE "member_right" DROP CONSTRAINT member_right_form;
ALTER TABLE "member_right" ADD CONSTRAINT member_right_form CHECK (kind IN ('member_price', 'tier_discount', 'volume_discount',
    'repurchase_discount', 'points_multiplier', 'early_access', 'limited_edition', 'birthday_gift', 'service_manager', 'free_service', 'trial_pack')
  AND (quota IS NULL) = (period IS NULL) AND quota > 0 AND period IN ('day', 'month', 'year', 'once')
  AND (kind <> 'early_access' OR coalesce((payload->>'hours')::int > 0, false)) AND (kind <> 'points_multiplier' OR quota IS NULL));
ALTER TABLE "right_reserve" ADD CONSTRAINT right_reserve_left CHECK (pieces_left >= 0);
ALTER TABLE "gift" DROP CONSTRAINT gift_kind;
ALTER TABLE "gift" ADD CONSTRAINT gift_kind CHECK (kind IN ('new_member', 'birthday', 'trial_pack')
  AND (kind = 'birthday') = (days_before IS NOT NULL AND days_after IS NOT NULL) AND (kind = 'new_member') = (right_id IS NULL)
  AND (kind = 'trial_pack' OR follow_up_template IS NULL));
CREATE UNIQUE INDEX gift_given_birthday ON "gift_given" (member_id, kind, occasion) WHERE state = 'given' AND kind = 'birthday';
CREATE UNIQUE INDEX gift_given_trial ON "gift_given" (member_id, gift_id) WHERE state = 'given' AND kind = 'trial_pack';
ALTER TABLE "gift_given" ADD CONSTRAINT gift_given_conversion
  CHECK ((converted_at IS NULL) = (converted_order_id IS NULL) AND (converted_at IS NULL OR followed_at IS NOT NULL));
ALTER TABLE "product" ADD CONSTRAINT product_price CHECK (price_fen BETWEEN 1 AND 1000000 AND early_hours > 0);
CREATE UNIQUE INDEX tablet_of_till ON "tablet" (store_id, till_id) WHERE revoked_at IS NULL;
ALTER TABLE "tablet" ADD CONSTRAINT tablet_sequence CHECK (first_sequence > 0);
ALTER TABLE "offline_order" ADD CONSTRAINT offline_order_form CHECK (sequence > 0 AND state IN ('settled', 'clash', 'dismissed')
  AND (state = 'settled') = (order_id IS NOT NULL) AND (state <> 'clash' OR clash IS NOT NULL)
  AND (handle IS NULL) = (step IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL));
ALTER TABLE "webhook_delivery" ADD CONSTRAINT webhook_delivery_state CHECK (state IN ('waiting', 'sent', 'given_up') AND attempts >= 0);
CREATE INDEX webhook_delivery_due ON "webhook_delivery" (next_at) WHERE state = 'waiting';


-- Functions, word for word as in prisma/functions.


