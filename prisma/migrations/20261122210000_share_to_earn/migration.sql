-- AlterTable
ALTER TABLE "honour" ADD COLUMN     "duty_count" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "kind" VARCHAR(8) NOT NULL DEFAULT 'badge',
ADD COLUMN     "warn_days" SMALLINT NOT NULL DEFAULT 7;

-- AlterTable
ALTER TABLE "honour_held" ADD COLUMN     "because" VARCHAR(8),
ADD COLUMN     "duties_from" TIMESTAMPTZ(3),
ADD COLUMN     "lapsed_at" TIMESTAMPTZ(3),
ADD COLUMN     "lapses_at" TIMESTAMPTZ(3),
ADD COLUMN     "state" VARCHAR(8) NOT NULL DEFAULT 'worn',
ADD COLUMN     "term_ends_at" TIMESTAMPTZ(3),
ADD COLUMN     "wall_at" TIMESTAMPTZ(3),
ADD COLUMN     "warned_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "member" ADD COLUMN     "join_article" VARCHAR(32);

-- AlterTable
ALTER TABLE "obligation" ADD COLUMN     "article_id" VARCHAR(32),
ADD COLUMN     "counts" VARCHAR(16),
ADD COLUMN     "counts_from_fen" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "due_days" SMALLINT,
ADD COLUMN     "for_honour_id" VARCHAR(32),
ADD COLUMN     "keeps_honour_id" VARCHAR(32),
ADD COLUMN     "labelled" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "most_tries" SMALLINT NOT NULL DEFAULT 3,
ADD COLUMN     "period" VARCHAR(8) NOT NULL DEFAULT 'once',
ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "reward_coupon" VARCHAR(32),
ADD COLUMN     "sku" VARCHAR(32),
ADD COLUMN     "stopped_at" TIMESTAMPTZ(3),
ADD COLUMN     "stopped_by" UUID,
ADD COLUMN     "updated_at" TIMESTAMPTZ(3),
ADD COLUMN     "wants" JSONB;

-- AlterTable
ALTER TABLE "obligation_instance" ADD COLUMN     "due_at" TIMESTAMPTZ(3),
ADD COLUMN     "period_key" VARCHAR(10) NOT NULL DEFAULT '',
ADD COLUMN     "points_given" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "submitted_at" TIMESTAMPTZ(3),
ADD COLUMN     "tries" SMALLINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "obligation_proof" ADD COLUMN     "kind" VARCHAR(16) NOT NULL DEFAULT 'staff_scan',
ADD COLUMN     "retracted_at" TIMESTAMPTZ(3),
ADD COLUMN     "source_id" VARCHAR(80),
ALTER COLUMN "visit_id" DROP NOT NULL,
ALTER COLUMN "store_id" DROP NOT NULL,
ALTER COLUMN "staff_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "referral" ADD COLUMN     "answer" VARCHAR(200),
ADD COLUMN     "cleared" VARCHAR(16)[] DEFAULT ARRAY[]::VARCHAR(16)[],
ADD COLUMN     "doubts" VARCHAR(16)[] DEFAULT ARRAY[]::VARCHAR(16)[],
ADD COLUMN     "facts" JSONB,
ADD COLUMN     "judged_at" TIMESTAMPTZ(3),
ADD COLUMN     "opened_at" TIMESTAMPTZ(3),
ADD COLUMN     "proof_id" UUID,
ADD COLUMN     "reviewed_at" TIMESTAMPTZ(3),
ADD COLUMN     "reviewed_by" UUID,
ADD COLUMN     "risk_rank" SMALLINT;

-- AlterTable
ALTER TABLE "referral_campaign" ADD COLUMN     "qualifies" VARCHAR(20) NOT NULL DEFAULT 'order',
ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "stopped_by" UUID,
ADD COLUMN     "updated_at" TIMESTAMPTZ(3),
ADD COLUMN     "window_days" SMALLINT NOT NULL DEFAULT 7,
ADD COLUMN     "words" VARCHAR(120) NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "article" (
    "article_id" VARCHAR(32) NOT NULL,
    "title" VARCHAR(40) NOT NULL,
    "summary" VARCHAR(120) NOT NULL,
    "body" TEXT NOT NULL,
    "art" VARCHAR(32) NOT NULL,
    "obligation_id" VARCHAR(32),
    "publish_from" TIMESTAMPTZ(3) NOT NULL,
    "publish_until" TIMESTAMPTZ(3),
    "withdrawn_at" TIMESTAMPTZ(3),
    "revision" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "article_pkey" PRIMARY KEY ("article_id")
);

-- CreateTable
CREATE TABLE "article_reading" (
    "member_id" UUID NOT NULL,
    "article_id" VARCHAR(32) NOT NULL,
    "sharer_id" UUID NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "action" VARCHAR(10),
    "action_id" UUID,
    "acted_at" TIMESTAMPTZ(3),
    "count_at" TIMESTAMPTZ(3),
    "reason" VARCHAR(20),

    CONSTRAINT "article_reading_pkey" PRIMARY KEY ("member_id","article_id")
);

-- CreateTable
CREATE TABLE "campaign_revision" (
    "kind" VARCHAR(12) NOT NULL,
    "campaign_id" VARCHAR(32) NOT NULL,
    "revision" INTEGER NOT NULL,
    "deed" VARCHAR(8) NOT NULL,
    "body" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "by_id" UUID NOT NULL,

    CONSTRAINT "campaign_revision_pkey" PRIMARY KEY ("kind","campaign_id","revision")
);

-- CreateTable
CREATE TABLE "obligation_submission" (
    "member_id" UUID NOT NULL,
    "submission_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "obligation_id" VARCHAR(32) NOT NULL,
    "nth" SMALLINT NOT NULL,
    "text" VARCHAR(1000),
    "link" VARCHAR(500),
    "rating" SMALLINT,
    "order_id" UUID,
    "upload_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "state" VARCHAR(10) NOT NULL,
    "text_check" VARCHAR(8),
    "submitted_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" UUID,
    "reason" VARCHAR(20),
    "answer" VARCHAR(200),
    "appeal" VARCHAR(10) NOT NULL DEFAULT 'none',
    "appeal_words" VARCHAR(200),
    "appeal_at" TIMESTAMPTZ(3),
    "appeal_by" UUID,
    "appeal_answer" VARCHAR(200),

    CONSTRAINT "obligation_submission_pkey" PRIMARY KEY ("member_id","submission_id")
);

-- CreateTable
CREATE TABLE "referral_appeal" (
    "member_id" UUID NOT NULL,
    "referral_id" UUID NOT NULL,
    "friend_id" UUID NOT NULL,
    "words" VARCHAR(200) NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "state" VARCHAR(10) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" UUID,
    "answer" VARCHAR(200),

    CONSTRAINT "referral_appeal_pkey" PRIMARY KEY ("member_id","referral_id")
);

-- CreateTable
CREATE TABLE "risk_print" (
    "member_id" UUID NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "print" CHAR(43) NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "risk_print_pkey" PRIMARY KEY ("member_id","kind","print")
);

-- CreateTable
CREATE TABLE "upload" (
    "member_id" UUID NOT NULL,
    "upload_id" UUID NOT NULL,
    "mime" VARCHAR(20) NOT NULL,
    "bytes" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "sha256" CHAR(64) NOT NULL,
    "storage_key" VARCHAR(80),
    "state" VARCHAR(8) NOT NULL,
    "trace_id" VARCHAR(64),
    "label" INTEGER,
    "tries" SMALLINT NOT NULL DEFAULT 0,
    "checked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "used_by" UUID,

    CONSTRAINT "upload_pkey" PRIMARY KEY ("member_id","upload_id")
);

-- CreateIndex
CREATE INDEX "article_publish_from_idx" ON "article"("publish_from");

-- CreateIndex
CREATE INDEX "article_reading_sharer_id_opened_at_idx" ON "article_reading"("sharer_id", "opened_at");

-- CreateIndex
CREATE INDEX "obligation_submission_state_submitted_at_idx" ON "obligation_submission"("state", "submitted_at");

-- CreateIndex
CREATE INDEX "obligation_submission_appeal_appeal_at_idx" ON "obligation_submission"("appeal", "appeal_at");

-- CreateIndex
CREATE INDEX "obligation_submission_obligation_id_state_decided_at_idx" ON "obligation_submission"("obligation_id", "state", "decided_at");

-- CreateIndex
CREATE INDEX "referral_appeal_state_asked_at_idx" ON "referral_appeal"("state", "asked_at");

-- CreateIndex
CREATE INDEX "risk_print_kind_print_idx" ON "risk_print"("kind", "print");

-- CreateIndex
CREATE INDEX "upload_trace_id_idx" ON "upload"("trace_id");

-- CreateIndex
CREATE INDEX "upload_state_created_at_idx" ON "upload"("state", "created_at");

-- CreateIndex
CREATE INDEX "upload_sha256_idx" ON "upload"("sha256");

-- What is looked for
CREATE INDEX obligation_proof_source ON "obligation_proof" (member_id, kind, source_id) WHERE source_id IS NOT NULL;
CREATE UNIQUE INDEX obligation_proof_counted ON "obligation_proof" (member_id, instance_id, kind, source_id) WHERE source_id IS NOT NULL;
CREATE UNIQUE INDEX obligation_submission_open ON "obligation_submission" (member_id, instance_id) WHERE state IN ('checking', 'waiting');
CREATE INDEX article_reading_due ON "article_reading" (count_at) WHERE state = 'acted';
CREATE INDEX article_reading_action ON "article_reading" (member_id, action_id) WHERE action_id IS NOT NULL;
CREATE INDEX referral_unjudged ON "referral" (held_at) WHERE state = 'held' AND judged_at IS NULL;
CREATE INDEX referral_reviewed ON "referral" (held_at) WHERE state = 'review';
CREATE INDEX honour_held_wall ON "honour_held" (honour_id, wall_at) WHERE wall_at IS NOT NULL;
CREATE INDEX honour_held_duties ON "honour_held" (honour_id) WHERE duties_from IS NOT NULL;

-- I-O1: one undertaking a period, so one reward
DROP INDEX obligation_instance_once;
CREATE UNIQUE INDEX obligation_instance_once ON "obligation_instance" (member_id, obligation_id, period_key) WHERE state <> 'superseded';

-- What rows of before were answered with
UPDATE "obligation_instance" i SET points_given = o.reward_points FROM "obligation" o
  WHERE o.obligation_id = i.obligation_id AND i.state = 'rewarded';
UPDATE "honour_held" SET term_ends_at = expires_at WHERE expires_at IS NOT NULL;

ALTER TABLE "referral_campaign" ADD CONSTRAINT referral_campaign_terms CHECK (qualifies IN ('order', 'order_or_activity')
  AND window_days BETWEEN 1 AND 30 AND revision > 0);
ALTER TABLE "referral" DROP CONSTRAINT referral_state;
ALTER TABLE "referral" ADD CONSTRAINT referral_state CHECK (state IN ('joined', 'held', 'review', 'released', 'refused', 'void')
  AND (state IN ('refused', 'void')) = (reason IS NOT NULL)
  AND (state IN ('held', 'review')) <= (release_at IS NOT NULL AND (order_id IS NOT NULL OR proof_id IS NOT NULL))) NOT VALID;
ALTER TABLE "referral_appeal" ADD CONSTRAINT referral_appeal_state CHECK (state IN ('asked', 'granted', 'declined')
  AND (state = 'asked') = (decided_at IS NULL));
ALTER TABLE "risk_print" ADD CONSTRAINT risk_print_kind CHECK (kind IN ('device', 'payer', 'network'));
ALTER TABLE "campaign_revision" ADD CONSTRAINT campaign_revision_deed CHECK (kind IN ('referral', 'obligation')
  AND deed IN ('saved', 'stopped') AND revision > 0);
ALTER TABLE "upload" ADD CONSTRAINT upload_state CHECK (state IN ('checking', 'passed', 'doubtful', 'refused', 'removed')
  AND (state IN ('refused', 'removed')) = (storage_key IS NULL) AND bytes > 0);
-- What may be thanked for at all: news by what readers do, friends by what they buy, and a review is labelled as rewarded
ALTER TABLE "obligation" DROP CONSTRAINT obligation_kind;
ALTER TABLE "obligation" ADD CONSTRAINT obligation_kind CHECK (
  kind IN ('spread_news', 'invite', 'review', 'themed_activity', 'check_in', 'ambassador_duty', 'product_test')
  AND proof IN ('staff_scan', 'counted', 'handed_in') AND period IN ('once', 'daily', 'weekly', 'monthly')
  AND (proof = 'counted') = (counts IS NOT NULL) AND (proof = 'handed_in') = (wants IS NOT NULL)
  AND coalesce(counts, 'order') IN ('friend_rewarded', 'reader_acted', 'order')
  AND (kind <> 'spread_news' OR coalesce(counts, '') = 'reader_acted') AND (kind <> 'invite' OR coalesce(counts, '') = 'friend_rewarded')
  AND (kind <> 'review' OR labelled) AND most_tries BETWEEN 1 AND 10 AND revision > 0);
ALTER TABLE "obligation_instance" DROP CONSTRAINT obligation_instance_state;
-- I-O2: what lapsed, was rejected or taken back holds no reward
ALTER TABLE "obligation_instance" ADD CONSTRAINT obligation_instance_state CHECK (
  state IN ('accepted', 'in_progress', 'submitted', 'rejected', 'approved', 'rewarded', 'lapsed', 'clawed_back', 'superseded')
  AND progress >= 0 AND points_given >= 0 AND (points_given = 0 OR state IN ('rewarded', 'superseded'))) NOT VALID;
ALTER TABLE "obligation_proof" ADD CONSTRAINT obligation_proof_from CHECK (
  kind IN ('staff_scan', 'friend_rewarded', 'reader_acted', 'order', 'handed_in')
  AND (kind = 'staff_scan') = (visit_id IS NOT NULL) AND (kind = 'staff_scan') = (staff_id IS NOT NULL)
  AND (kind = 'staff_scan') = (source_id IS NULL)) NOT VALID;
ALTER TABLE "obligation_submission" ADD CONSTRAINT obligation_submission_state CHECK (
  state IN ('checking', 'waiting', 'approved', 'rejected') AND (state IN ('approved', 'rejected')) = (decided_at IS NOT NULL)
  AND appeal IN ('none', 'asked', 'granted', 'declined') AND coalesce(rating, 1) BETWEEN 1 AND 5);
ALTER TABLE "honour" ADD CONSTRAINT honour_kind CHECK (kind IN ('badge', 'title') AND duty_count >= 0 AND warn_days BETWEEN 1 AND 60);
ALTER TABLE "honour_held" ADD CONSTRAINT honour_held_state CHECK (state IN ('worn', 'warned', 'lapsed')
  AND (state = 'lapsed') <= (expires_at IS NOT NULL AND because IS NOT NULL)) NOT VALID;
ALTER TABLE "article" ADD CONSTRAINT article_window CHECK (publish_until IS NULL OR publish_from < publish_until);
ALTER TABLE "article_reading" ADD CONSTRAINT article_reading_state CHECK (state IN ('read', 'acted', 'counted', 'void')
  AND (state IN ('acted', 'counted')) <= (action_id IS NOT NULL AND count_at IS NOT NULL)
  AND (member_id <> sharer_id OR state = 'void'));


-- Functions, word for word as in prisma/functions.


